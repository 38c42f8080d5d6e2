"""The command open: the page of the livegen that runs, in the browser."""

import os

import click

from livegen.cli.options import MISTAKE

NOBODY = "no livegen with a page is running on this machine; start one: livegen serve"


@click.command("open")
@click.option(
    "--print", "only_print", is_flag=True, help="Print the address of the page; do not open it."
)
def open_page(only_print: bool) -> int:
    """Open the page of the livegen that is running.

    If several are running, it is the page of the one that was started last.  Where there is no browser, its address
    is printed.

    \b
    Exit status: 0  opened or printed    2  no livegen is running

    \b
    Examples:
      livegen open
      livegen open --print
    """
    from livegen.control import visit

    page = visit.running_page()
    if page is None:
        click.echo(f"livegen: {NOBODY}", err=True)
        return MISTAKE
    if only_print or not _is_opened(page.once):
        click.echo(page.url)
    return 0


def _is_opened(url: str) -> bool:
    """True if a browser took it; one that runs in the terminal cannot show the page, unless the person chose it."""
    import webbrowser

    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    is_in_terminal = type(browser) is webbrowser.GenericBrowser and not os.environ.get("BROWSER")
    return not is_in_terminal and browser.open(url)
