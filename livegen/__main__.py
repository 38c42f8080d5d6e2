"""`python -m livegen`: the command line."""

from livegen.cli import main

if __name__ == "__main__":  # worker processes import this module too
    main()
