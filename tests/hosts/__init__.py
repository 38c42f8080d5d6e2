"""The plug-in in hosts: our own for CLAP and VST3, and jalv for LV2.  `make hosts` builds and runs these."""
