# Two commands for a newcomer: `make demo` and `make test`. Everything they need, they install
# (deploy/setup.sh) into build/; presets and targets for daily work are in CONTRIBUTING.md.

SHELL := /bin/bash
BUILD := build/release

# make demo [DICOM=path/to/series POINT=x,y,z] [MODEL=weights.safetensors]
DICOM ?=
POINT ?=
MODEL ?=
# make model DATA=folder
DATA ?=

.PHONY: demo programs model ablation test asan bench container tidy clean help

help:
	@echo "make demo       segment a synthetic CT series through a running server"
	@echo "make demo DICOM=path/to/series POINT=x,y,z   the same on your own data (patient mm, LPS)"
	@echo "make programs   builds the programs, without the tests: sgpsam-model too"
	@echo "make test       build everything and run all tests"
	@echo "make asan       the same under the address and undefined-behaviour sanitizers, without LibTorch"
	@echo "make model DATA=folder   trains the shipped model anew (hours; deploy/models/README.md)"
	@echo "make ablation   does the gate earn its place: trains twenty-one models (hours)"
	@echo "make bench      the benchmarks behind docs/performance.md"
	@echo "make container  build the container images and run one request in them (root, Debian)"

demo: PROGRAMS = sgpsam-server sgpsam-worker sgpsam sgpsam-synthesize
demo: programs
	@deploy/demo.sh "$(DICOM)" "$(POINT)" "$(MODEL)"

test:
	@deploy/setup.sh tests
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	cmake --build --preset release
	ctest --preset release -j2

bench:
	@deploy/setup.sh tests
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	cmake --build --preset release
	tests/bench/run.sh $(BUILD)

# What parses bytes from outside and what runs on threads, under the address and undefined-behaviour sanitizers.
asan:
	@deploy/setup.sh tests
	cmake --preset asan
	cmake --build --preset asan
	ctest --preset asan -j2

model: programs
	deploy/models/remake.sh "$(DATA)"

ablation: programs
	tools/ablation/run.sh

container:
	deploy/container/build.sh

tidy:
	cmake --workflow --preset tidy

clean:
	rm -rf $(BUILD)

# What runs: server, worker, command line and model tool, without the tests. The demo needs less of it.
PROGRAMS := sgpsam-server sgpsam-worker sgpsam sgpsam-model
programs:
	@deploy/setup.sh build
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	@cmake --build --preset release --target $(PROGRAMS)

# Configured once; CMake looks after itself from then on.
$(BUILD)/build.ninja:
	cmake --preset release
