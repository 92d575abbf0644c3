"""``python -m zenoimg``."""

from zenoimg.cli.app import main

if __name__ == "__main__":
    main()
