# The front door. Every verb sets up what it needs; the second time is quick.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo serve test check fix bench bench-peers bench-report soak docs audit clean

$(VENV)/pip:
	$(PYTHON) -m venv $(VENV)
	@touch $@

# Stamps hold what was installed; a change of the pins or the extras installs again.
$(VENV)/demo: $(VENV)/pip pyproject.toml constraints.txt
	$(PIP) -e '.[demo]'
	@touch $@

$(VENV)/dev: $(VENV)/demo pyproject.toml constraints.txt
	$(PIP) -e '.[dev]'
	@touch $@

demo: $(VENV)/demo ## run the example conversations through the gateway (FILE=chats.jsonl for your own)
	$(BIN)/louver demo $(if $(FILE),$(FILE),)

serve: $(VENV)/demo ## start the gateway on its embedded default
	$(BIN)/louver serve

test: $(VENV)/dev ## all tests
	$(BIN)/python -m pytest

check: $(VENV)/dev ## lint, format, types, contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(VENV)/dev ## repair what lint and format can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/dev ## figures with their bars, into build/results/ (ONLY=proxy for one module)
	$(BIN)/python -m bench $(ONLY)

bench-peers: $(VENV)/dev ## the same figures of LiteLLM and Presidio, in a venv of their own
	$(BIN)/python -m bench peers

soak: $(VENV)/dev ## a steady load of 80 % (MINUTES=15); nothing may grow
	MINUTES=$(or $(MINUTES),15) $(BIN)/python -m bench soak

bench-report: $(VENV)/dev ## the figures of build/results into docs/explanation/performance.md
	$(BIN)/python -m bench.report

docs: $(VENV)/dev ## write the generated reference pages and CLAIMS.md
	$(BIN)/python -m louver.doors.reference

audit: $(VENV)/dev ## known vulnerabilities in what we depend on
	$(BIN)/pip-audit --skip-editable

clean:
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis
