"""The plug-in in hosts: a CLAP host of our own, and jalv for LV2.  `make hosts` builds and runs these."""
