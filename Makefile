# What to type.  `make` alone lists the verbs; each builds what it needs, and only once.
#
#   make serve ARGS='--mode continue'      every option: make serve ARGS=--help
#   make test ARGS='-k interruption'      one after the other: WORKERS=0
#   make PYTHON=python3.12 serve           another Python than the one found
#
# Everything lives in .venv, which may be deleted at any time.

.DEFAULT_GOAL := help
.PHONY: help serve install test package cluster encoder fuzz mutants lock wheel frozen deb sbom audit check fix plugin hosts train export scorecard examples bench soak transcripts pictures compiler sound jack chromium fluidsynth portaudio rtkit
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
TOOLS := $(VENV)/tools
PIP = $(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt
ARGS ?=
RECIPE ?= models/jam-gru/recipe.yaml
DATA ?= ../shared/data
OUT ?= runs/jam-gru
CHECKPOINT ?= $(OUT)
MODEL ?= models/jam-gru
PREFIX ?= $(HOME)/.local
WITH ?=
# Tests side by side: two workers are for those in real time, over ports and in the browser, which mostly wait.
# Tests start hundreds of processes, each of which would compile all anew where PYTHONDONTWRITEBYTECODE is set.
WORKERS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN); echo $$((n < 8 ? n + 2 : 10)))

# python-rtmidi has wheels for 3.11 and 3.12 only, so one of them is taken where there is one, by running it: a name
# on the path may be a stub.
SUITS = -c 'import sys; sys.exit(sys.version_info < (3, 11))'
HAS_WHEELS = -c 'import sys; sys.exit(sys.version_info >= (3, 13))'
PYTHON ?= $(shell for p in python3.12 python3.11 python3 python3.13 python3.14; do \
	$$p $(SUITS) >/dev/null 2>&1 && echo $$p && break; done)

# A system package: $(1) what needs it, $(2) for apt-get, $(3) for brew.  Installed where that asks for no password,
# else named.  Never fails: what then cannot be done says so itself.
SUDO = $$([ "$$(id -u)" = 0 ] || echo sudo -n)
define need
if command -v apt-get >/dev/null && { [ "$$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; then \
	echo "installing the system package $(2): $(1) needs it"; \
	export DEBIAN_FRONTEND=noninteractive; \
	$(SUDO) apt-get install -qq -y --no-install-recommends $(2) >/dev/null 2>&1 || \
	{ $(SUDO) apt-get update -qq && $(SUDO) apt-get install -qq -y --no-install-recommends $(2) >/dev/null; } || \
	echo "livegen: $(2) could not be installed; $(1) needs it" >&2; \
elif [ -n "$(3)" ] && command -v brew >/dev/null; then brew install --quiet $(3) || true; \
else echo "livegen: $(1) needs a system package; install it first: sudo apt-get install $(2)$(if $(3), (macOS: brew install $(3)))" >&2; fi
endef

help: # list the verbs
	@sed -n 's/^\([a-z]*\):[^#]*# \(.*\)/\1	\2/p' Makefile | expand -t 14

serve: $(VENV)/.served sound # install livegen, without torch, and play: ARGS='--mode continue'
	@exec $(BIN)/livegen serve $(ARGS)

install: $(VENV)/.served sound # put the command `livegen` on your path; WITH=train, link, listen, mcp, score, sound, words or cluster (or several: score,sound) adds what that needs
	$(if $(WITH),$(call set_up,$(WITH)))
	$(if $(findstring sound,$(WITH)),@$(MAKE) --no-print-directory fluidsynth)
	$(if $(findstring listen,$(WITH)),@$(MAKE) --no-print-directory portaudio)
	@mkdir -p "$(PREFIX)/bin" && ln -sf "$(abspath $(BIN)/livegen)" "$(PREFIX)/bin/livegen" && \
	echo "livegen is $(PREFIX)/bin/livegen" && case ":$$PATH:" in *":$(PREFIX)/bin:"*) ;; *) \
	echo "$(PREFIX)/bin is not on your path; add it: export PATH=\"$(PREFIX)/bin:\$$PATH\"" ;; esac

test: $(VENV)/.tested sound jack chromium fluidsynth portaudio rtkit # install everything and run the tests: ARGS='-k panic'
	@# What fails is run once more, alone: on a busy machine a JACK server may starve, or libjack crash (docs/LOG.md).
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n $(WORKERS) $(ARGS) || { \
	echo "what failed is run once more, alone; it must pass" >&2; \
	$(BIN)/python -m pytest --last-failed --last-failed-no-failures none $(ARGS); }

package: $(VENV)/.tested # build the wheel, install it in an empty environment, and type every command of the documents in a copy
	$(BIN)/python -m pytest -m package -n 2 tests/test_package.py tests/test_documented_commands.py $(ARGS)

cluster: $(VENV)/.tested # install the extra cluster and run the tests that start Ray, on a machine that is not busy
	$(call set_up,train link listen mcp score sound cluster dev)
	$(BIN)/python -m pytest -m cluster tests/cluster $(ARGS)

encoder: $(VENV)/.tested # install the extra words and run the test of its encoder
	$(call set_up,train link listen mcp score sound words dev)
	$(BIN)/python -m pytest -m encoder tests/control/words $(ARGS)

fuzz: $(VENV)/.tested # install the extra fuzz and try inputs of chance on all that takes what strangers make: ARGS='midi-file --seconds 60'
	$(call set_up,train link listen mcp score sound fuzz dev)
	$(BIN)/python -m tests.fuzz $(ARGS)

mutants: $(VENV)/.tested # break the guards one place at a time and see whether the tests notice; takes long: ARGS=outbox
	$(BIN)/python -m tests.mutants $(ARGS)

lock: $(TOOLS) # write the hashes of all packages into locks/ anew, after a change of pyproject.toml or constraints.txt
	$(TOOLS)/bin/python -m locks

wheel: $(VENV)/.tested # build dist/livegen-….whl, for pipx, uv or pip, and the sources that an index wants beside it
	@rm -f dist/livegen-*.whl dist/livegen-*.tar.gz
	$(BIN)/python -m build --sdist --wheel --no-isolation --outdir dist .

frozen: $(VENV)/.tested # build dist/livegen, a folder with livegen and its Python, for machines without Python; takes minutes
	@rm -f dist/livegen-*.whl
	$(BIN)/python -m build --wheel --no-isolation --outdir dist .
	$(BIN)/python -m venv --clear $(VENV)/frozen
	$(VENV)/frozen/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt dist/livegen-*.whl pyinstaller
	$(VENV)/frozen/bin/pyinstaller --noconfirm --log-level WARN --workpath $(VENV)/frozen/work deploy/frozen/livegen.spec

deb: frozen # build dist/livegen_….deb of it, for Debian, Ubuntu and what stands on them; takes minutes
	deploy/deb/build dist/livegen dist

sbom: $(TOOLS) # list what livegen is made of, for auditors: CycloneDX files of the Python packages and of the page's
	@mkdir -p dist
	$(TOOLS)/bin/cyclonedx-py requirements locks/serve.txt --pyproject pyproject.toml --output-file dist/livegen.cdx.json
	cd page && npm sbom --sbom-format cyclonedx --package-lock-only --omit dev >../dist/page.cdx.json

audit: $(TOOLS) # ask the registries whether a fault in security is known of any package
	$(TOOLS)/bin/pip-audit --strict --disable-pip --require-hashes $(patsubst %,-r %,$(wildcard locks/*.txt))
	cd page && npm audit

check: $(VENV)/.tested # format, lint, types and layers, and the page's own
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd page && npm run --silent check

fix: $(VENV)/.tested # format, and correct what lint can correct
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	cd page && npm run --silent fix

plugin: # build the plug-in for DAWs, as CLAP, LV2 and VST3, into build/plugin; DPF_PATH=… where DPF is no system package
	@[ "$$(uname)" != Linux ] || { [ -d $${DPF_PATH:-/usr/share/dpf} ] && [ -f /usr/include/nlohmann/json.hpp ] && \
	command -v c++ && pkg-config --version; } >/dev/null 2>&1 || \
	{ $(call need,the plug-in,dpf-source nlohmann-json3-dev g++ pkg-config,); }
	$(MAKE) --no-print-directory -C plugin

hosts: $(VENV)/.tested plugin jack # play the plug-in in hosts: hosts of our own (CLAP, VST3), and jalv (LV2) over JACK
	@command -v jalv >/dev/null || { $(call need,the plug-in as LV2,jalv,); }
	$(BIN)/python -m pytest -m plugin tests/hosts $(ARGS)

train: $(VENV)/.tested # train a network: RECIPE=… DATA=… OUT=…
	$(BIN)/livegen train $(RECIPE) --data $(DATA) --out $(OUT) $(ARGS)

export: $(VENV)/.tested # make the model that is served from a checkpoint: CHECKPOINT=… MODEL=…
	$(BIN)/python -m export.to_onnx $(CHECKPOINT) --out $(MODEL) $(ARGS)

scorecard: $(VENV)/.tested # measure how well a model plays, into its folder and its card: MODEL=… DATA=… ARGS='--turns 10000'
	$(BIN)/livegen scorecard $(MODEL)/model.onnx --data $(DATA) --out $(MODEL) --force --card $(MODEL)/CARD.md $(ARGS)

examples: $(VENV)/.tested # play every mode, keep the best and the worst in docs/EXAMPLES.md: DATA=… MODEL=… ARGS=--sound
	$(BIN)/python -m docs.shown --data $(DATA) --model $(MODEL) $(ARGS)

bench: $(VENV)/.tested sound jack # measure speed, latency and memory into bench/
	$(BIN)/python -m bench $(ARGS)

soak: $(VENV)/.tested # play eight hours on virtual time, with all that may happen meanwhile: ARGS='--hours 80'
	$(BIN)/python -m bench.soak $(ARGS)

transcripts: $(VENV)/.tested # write the turns' transcripts anew, to be read as a diff
	$(BIN)/python -m tests.jam.transcripts --write
	git diff --stat -- tests

pictures: $(VENV)/.tested chromium # take the pictures of the page anew, to be looked at before they are committed
	$(BIN)/python -m tests.browser.pictures

# --- what the verbs stand on -------------------------------------------------------------------------------------

$(BIN)/python:
	@[ -n "$(PYTHON)" ] || { echo "livegen needs Python 3.11 or newer; found: $$(python3 -V 2>&1 || echo none). \
	Install python3.12 (sudo apt-get install python3 python3-venv; macOS: brew install python@3.12)" >&2; exit 1; }
	@$(PYTHON) $(SUITS) || { echo "livegen needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments; \
	sudo apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) $(HAS_WHEELS) || echo "$(PYTHON) is newer than 3.12: python-rtmidi has no wheels for it and will be compiled"
	@echo "setting up livegen in $(VENV), which takes some minutes, once"
	@echo "  1 of 3  Python: $(PYTHON) in an environment of its own"
	@$(PYTHON) -m venv $(VENV)

# Of one version, apart from what livegen itself needs.
$(TOOLS): | $(BIN)/python
	@$(BIN)/python -m venv $@ && $@/bin/python -m pip install --disable-pip-version-check --quiet \
	uv==0.13.9 pip-audit==2.10.1 cyclonedx-bom==7.5.0

# Install what livegen needs, with the extras $(1), then itself, which builds the page.  Of pip's many lines those of
# large packages are shown; what goes wrong comes over standard error, as it is.
SHOWN := sed -nE -e '/metadata/d' -e 's/^ *(Downloading|Using cached) ([^-]*-[^-]*)-.* (\(.*MB\))$$/          \2 \3/p' \
	-e 's/^Installing collected.*/          writing them to the disk/p'
# Packages come with the hashes of locks/ where they are locked: an extra that is not (locks/__main__.py) has versions.
comma := ,
extras = $(subst $(comma), ,$(1))
locked = $(foreach e,serve $(call extras,$(1)),$(wildcard locks/$(e).txt))
unlocked = $(foreach e,$(call extras,$(1)),$(if $(wildcard locks/$(e).txt),,$(e)))
define set_up
	@$(BIN)/python -c 'import tomllib; p = tomllib.load(open("pyproject.toml", "rb"))["project"]; \
	print(*(r for e in "$(call unlocked,$(1))".split() for r in p["optional-dependencies"][e]), sep="\n")' \
	>$(VENV)/needed.txt
	@echo "  2 of 3  Python packages$(if $(1), ($(1)))"
	@rm -f $(VENV)/failed; { { $(PIP) --require-hashes $(addprefix -r ,$(call locked,$(1))) && $(PIP) -r $(VENV)/needed.txt; } || \
	touch $(VENV)/failed; } | $(SHOWN); [ ! -e $(VENV)/failed ]
	@echo "  3 of 3  the page: packages from npm, and building it from page/"
	@$(PIP) --quiet --no-deps -e .
	@touch $(VENV)/.served
endef

# What the page is built from: hatch_build.py builds it whenever livegen is installed.
PAGE := hatch_build.py $(shell find page -name node_modules -prune -o -type f -print 2>/dev/null | grep -v ' ')

$(VENV)/.served: pyproject.toml constraints.txt $(wildcard locks/*.txt) $(PAGE) | $(BIN)/python compiler
	$(call set_up,)

$(VENV)/.tested: pyproject.toml constraints.txt $(wildcard locks/*.txt) $(PAGE) | $(BIN)/python compiler
	$(call set_up,train link listen mcp score sound dev)
	@touch $@

chromium:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || \
	{ $(call need,testing the page,chromium fonts-dejavu-core,chromium); }
	@# One without windows does most of it at two thirds of the processor's time; Debian has it as a package of its own.
	@command -v chromium-headless-shell >/dev/null || ! apt-cache show chromium-headless-shell >/dev/null 2>&1 || \
	{ $(call need,testing the page in less time,chromium-headless-shell,); }

# What compiles python-rtmidi where it has no wheels; on macOS that is Xcode's command line tools.
compiler: | $(BIN)/python
	@[ "$$(uname)" != Linux ] || $(BIN)/python $(HAS_WHEELS) || \
	{ command -v c++ >/dev/null && pkg-config --exists alsa jack 2>/dev/null; } || \
	{ $(call need,python-rtmidi,g++ pkg-config libasound2-dev libjack-jackd2-dev python3-dev,); }

# python-rtmidi on Linux loads the system's ALSA library; without it livegen serves without ports and says so.
# Debian 13 and Ubuntu 24.04 call its package libasound2t64.
sound: | $(BIN)/python
	@[ "$$(uname)" != Linux ] || $(BIN)/python -c 'import ctypes; ctypes.CDLL("libasound.so.2")' 2>/dev/null || \
	{ $(call need,playing over MIDI ports,$$(apt-cache show libasound2t64 >/dev/null 2>&1 && echo libasound2t64 || echo libasound2),); }

# pyfluidsynth loads the system's library.
fluidsynth: | $(BIN)/python
	@$(BIN)/python -c 'import fluidsynth' 2>/dev/null || { $(call need,a sound of its own,$$(\
	apt-cache show libfluidsynth3 >/dev/null 2>&1 && echo libfluidsynth3 || echo fluidsynth),fluid-synth); }

# sounddevice brings PortAudio for macOS and Windows, and loads the system's on Linux.
portaudio: | $(BIN)/python
	@[ "$$(uname)" != Linux ] || $(BIN)/python -c 'import ctypes; ctypes.CDLL("libportaudio.so.2")' 2>/dev/null || \
	{ $(call need,hearing audio,$$(apt-cache show libportaudio2 >/dev/null 2>&1 && echo libportaudio2 || echo libportaudio2t64),); }

jack:
	@command -v jackd >/dev/null || { $(call need,testing over real MIDI ports,jackd2,jack); }
	@[ "$$(uname)" != Linux ] || { command -v wireplumber && command -v dbus-run-session && \
	ls /usr/lib*/pipewire-0.3/jack /usr/lib/*/pipewire-0.3/jack; } >/dev/null 2>&1 || \
	{ $(call need,testing over PipeWire,pipewire-jack pipewire wireplumber dbus,); }

# Who gives a desktop's user real time; the test starts it, and what it asks, on a bus of its own.
rtkit:
	@[ "$$(uname)" != Linux ] || { [ -x /usr/libexec/rtkit-daemon ] && [ -x /usr/lib/polkit-1/polkitd ] && \
	command -v dbus-daemon; } >/dev/null 2>&1 || { $(call need,testing that a desktop gives real time,rtkit polkitd dbus,); }
