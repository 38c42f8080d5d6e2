"""What the frozen program begins with: one of livegen's own processes, or the command line."""

import sys

from livegen.own_processes import run_told

if __name__ == "__main__" and not run_told(sys.argv):
    from livegen.cli import main

    main()
