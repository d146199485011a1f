# `make fly` flies the main job and `make test` runs the tests; each first installs what it needs into .venv.
# Arguments go through, for example: make fly ARGS="figure8 --sensors mocap", make test ARGS="-k mixer".
VENV := .venv
PYTHON := $(VENV)/bin/python
SOURCES := flight sim firmware_bridge logs ground tests benchmarks examples
ARGS :=
# Two at once: each test process grows to one and a half gigabytes. Files are begun in conftest.py's order.
PYTEST := $(PYTHON) -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

.PHONY: fly test quick check coverage mutants bench clean

fly: $(VENV)/ready-to-fly
	@$(VENV)/bin/quadloop fly $(ARGS)

test: $(VENV)/ready-to-test
	@$(PYTEST) $(ARGS)

quick: $(VENV)/ready-to-test
	@$(PYTEST) -m "not slow" $(ARGS)

check: $(VENV)/ready-to-check
	@$(VENV)/bin/ruff format --check $(SOURCES)
	@$(VENV)/bin/ruff check $(SOURCES)
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-cache

# What of the supervisor its tests reach, and which changes of it they would not notice (an hour).
coverage: $(VENV)/ready-to-test
	@$(PYTHON) tools/coverage

mutants: $(VENV)/ready-to-check
	@$(PYTHON) tools/mutants $(ARGS)

bench: $(VENV)/ready-to-fly
	@$(VENV)/bin/quadloop bench $(ARGS)

clean:
	rm -rf $(VENV)

$(VENV)/ready-to-%: pyproject.toml tools/prepare
	@tools/prepare $*
