# Every target is a line of tools/dev.py, which Windows runs as `python tools/dev.py TARGET`.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
TARGETS := demo test test-fast test-versions test-extras setup lint types docs bench torture cold-start lock clean

.PHONY: help $(TARGETS)
help:
	@$(or $(PYTHON),$(error Python 3.11 or newer is needed)) tools/dev.py --help

$(TARGETS):
	@$(or $(PYTHON),$(error Python 3.11 or newer is needed)) tools/dev.py $@ $(ARGS)
