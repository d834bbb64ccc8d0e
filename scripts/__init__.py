"""What the Makefile's verbs do on this machine: standard library only, any Python from 3.11 on."""
