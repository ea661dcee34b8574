# SPDX-License-Identifier: Apache-2.0
# The commands of the README are `make demo`, `make quick` and `make test`; each sets up what it misses.
.PHONY: help demo quick test prove screens pictures setup locks catalogue contract migration reference wheel \
	wheel-appliance central-bundle sbom clean

help:
	@echo "make demo               everything on this machine, with a simulated card"
	@echo "make quick              lint, types, import rules and the pure rooms' tests, in a minute"
	@echo "make test               lint, types, import rules and all tests"
	@echo "make prove [PROOF=name] what takes longer than a test: one line a proof"
	@echo "make screens            pictures of every screen, language and setting, in build/screens"
	@echo "make pictures           take the stored pictures of the screens anew"
	@echo "make reference          the API reference from the docstrings, in build/reference"
	@echo "make setup              only what the others need"
	@echo "make catalogue          bring the message catalogue up to date with the sources"
	@echo "make contract           write the contract's OpenAPI document anew"
	@echo "make migration MESSAGE=… write the next revision of central's tables"
	@echo "make wheel              the full wheel, in build/wheels"
	@echo "make wheel-appliance    the appliance's wheel, in build/wheels/appliance"
	@echo "make central-bundle     central for a Debian 13 server in one file, in build/central"
	@echo "make sbom               central's bill of materials for each Python, in build/sbom"
	@echo "make locks [UPGRADE=1]  pin new dependencies, or move all of them to newer versions"
	@echo "make clean              remove what was made here"

demo:
	@provisioning/setup one
	@provisioning/python -m kiosk demo

quick:
	@provisioning/setup one
	@provisioning/python provisioning/check.py quick

test:
	@provisioning/setup all
	@provisioning/python provisioning/check.py

prove:
	@provisioning/setup all
	@provisioning/python -m tests.proofs "$(PROOF)"

screens:
	@provisioning/setup one
	@provisioning/python -m tests.ui.album 800x480 build/screens
	@provisioning/python -m tests.ui.album 1280x800 build/screens

pictures:
	@provisioning/setup one
	@provisioning/python -m tests.ui.album 800x480 docs/pictures --stored
	@provisioning/python -m tests.ui.album 1280x800 docs/pictures --stored

setup:
	@provisioning/setup all

catalogue:
	@provisioning/setup one
	@provisioning/catalogue

contract:
	@provisioning/setup one
	@provisioning/python -m kiosk.central.http.openapi >docs/contract/openapi.json

migration:
	@provisioning/setup one
	@provisioning/python -m kiosk.central.migrations "$(MESSAGE)"
	@provisioning/python -m ruff format -q kiosk/central/migrations/versions

reference:
	@provisioning/setup one
	@provisioning/python provisioning/reference.py build/reference

wheel:
	@provisioning/setup one
	@provisioning/wheel

wheel-appliance:
	@provisioning/setup one
	@provisioning/wheel --appliance

central-bundle:
	@provisioning/setup one
	@provisioning/python provisioning/central/bundle.py

sbom:
	@provisioning/setup all
	@for python in build/venv/3.*/bin/python; do $$python provisioning/sbom.py build/sbom || exit 1; done

locks:
	@provisioning/setup one
	@provisioning/locks $(if $(UPGRADE),--upgrade)

clean:
	rm -rf build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
	find kiosk -name '*.mo' -delete
