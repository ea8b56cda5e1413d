# sauma: build, test, demo. `make help` lists what there is.

VARIANT ?= release
B       ?= build$(if $(filter-out release,$(VARIANT)),/$(VARIANT))
PREFIX  ?= /usr/local
DESTDIR ?=

# ---- what it needs from Debian 12, by name; the one place that says so -----------------------
DEPS_BUILD := gcc libc6-dev pkg-config liblua5.4-dev lua-cjson-dev libevent-dev \
              libcurl4-openssl-dev libsqlite3-dev libsodium-dev libgmp-dev libutf8proc-dev \
              libseccomp-dev libssl-dev zlib1g-dev node-llhttp ca-certificates tzdata
DEPS_DEMO  := curl openssl
DEPS_TEST  := libcmocka-dev python3 openssl curl libfaketime nginx-light haproxy \
              chromium $(if $(shell command -v npm),,nodejs npm)
DEPS_LINT  := clang-format lua-check git
DEPS_FUZZ  := clang libclang-rt-14-dev llvm
DEPS_BENCH := python3 openssl nginx-light libnginx-mod-http-lua lua-cjson strace

# ---- variants -------------------------------------------------------------------------------
WARN   := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
          -Wpointer-arith -Wformat=2 -Wundef -Wwrite-strings -Wno-unused-parameter
HARDEN := -fstack-protector-strong -fPIE
LHARD  := -pie -Wl,-z,relro,-z,now
OPT_release := -O2 -g -D_FORTIFY_SOURCE=2
OPT_debug   := -O0 -g3 -DSAUMA_FAULTS
OPT_asan    := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
               -fno-sanitize-recover=all -DSAUMA_FAULTS
OPT_tsan    := -O1 -g -fno-omit-frame-pointer -fsanitize=thread -DSAUMA_FAULTS
OPT_fuzz    := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined,fuzzer-no-link \
               -fno-sanitize-recover=all
CC_fuzz     := clang
ifneq ($(CC_$(VARIANT)),)
CC := $(CC_$(VARIANT))
else
CC ?= cc
endif

PKGS    := lua5.4 lua5.4-cjson libevent libevent_openssl libevent_pthreads libcurl sqlite3 \
           libsodium libutf8proc libseccomp openssl zlib
# Asked once, when first needed: the packages may only be installed by the deps step.
PKGC     = $(eval PKGC := $(shell pkg-config --cflags $(PKGS)))$(PKGC)
PKGL     = $(eval PKGL := $(shell pkg-config --libs $(PKGS)))$(PKGL)
CFLAGS  ?=
ALLC     = -std=c11 -D_GNU_SOURCE $(OPT_$(VARIANT)) $(WARN) $(HARDEN) $(PKGC) $(CFLAGS)
ALLL     = $(OPT_$(VARIANT)) $(LHARD) $(LDFLAGS)
LIBS     = $(PKGL) -lgmp -lpthread -lm

# `make V=1` shows the whole commands.
Q := $(if $(V),,@)
SAY = $(if $(V),true,printf '  %-4s %s\n')

# ---- layers: each sees its own headers and those below, so an upward include does not build --
SEES_base   := base
SEES_match  := base match
SEES_wire   := base match wire
SEES_io     := base match wire io
SEES_store  := base match wire io store
SEES_engine := base match wire io store engine
SEES_script := base match wire script
SEES_app    := base match wire io store engine script app
LAYERS      := base match wire io store engine script app
LLHTTP      := /usr/share/llhttp
INC_io      := -I/usr/share/include/llhttp

srcs = $(wildcard host/$(1)/*.c)
objs = $(patsubst %.c,$(B)/%.o,$(call srcs,$(1)))

.DEFAULT_GOAL := all
.PHONY: all sauma
all: sauma
sauma: $(B)/sauma

define layer_rules
$(B)/host/$(1)/%.o: host/$(1)/%.c | $(B)/.deps
	@mkdir -p $$(@D); $$(SAY) CC $$<
	$$(Q)$$(CC) $$(ALLC) $$(patsubst %,-iquote include/%,$$(SEES_$(1))) $$(INC_$(1)) -MMD -MP -c $$< -o $$@
$(B)/lib$(1).a: $(call objs,$(1))
	@mkdir -p $$(@D); rm -f $$@; ar rcs $$@ $$^
endef
$(foreach l,$(LAYERS),$(eval $(call layer_rules,$(l))))

$(B)/llhttp/%.o: | $(B)/.deps
	@mkdir -p $(@D); $(SAY) CC $*.c
	$(Q)$(CC) $(filter-out -Werror,$(ALLC)) -w -DLLHTTP_STRICT_MODE=1 $(INC_io) -c $(LLHTTP)/$*.c -o $@
$(B)/libllhttp.a: $(addprefix $(B)/llhttp/,api.o http.o llhttp.o)
	@rm -f $@; ar rcs $@ $^

# Link order: a layer before what it uses.
LIB_base   = $(B)/libbase.a
LIB_match  = $(B)/libmatch.a $(LIB_base)
LIB_wire   = $(B)/libwire.a $(LIB_match)
LIB_io     = $(B)/libio.a $(B)/libllhttp.a $(LIB_wire)
LIB_store  = $(B)/libstore.a $(LIB_io)
LIB_engine = $(B)/libengine.a $(LIB_store)
LIB_script = $(B)/libscript.a $(LIB_wire)
LIB_app    = $(B)/libengine.a $(B)/libstore.a $(B)/libscript.a $(LIB_io)

$(B)/sauma: $(call objs,app) $(LIB_app)
	@$(SAY) LD $@
	$(Q)$(CC) $(ALLL) $^ $(LIBS) -o $@

# ---- unit tests: tests/unit/<layer>/<name>_test.c, one cmocka program each --------------------
UNIT := $(wildcard tests/unit/*/*_test.c)
UNIT_BINS := $(patsubst tests/unit/%.c,$(B)/unit/%,$(UNIT))
define unit_rules
$(B)/unit/$(1)/%: tests/unit/$(1)/%.c $$(LIB_$(1))
	@mkdir -p $$(@D); $$(SAY) TEST $$<
	$$(Q)$$(CC) $$(ALLC) $$(patsubst %,-iquote include/%,$$(SEES_$(1))) $$(INC_$(1)) -iquote tests/unit \
	    -MMD -MP $$(LHARD) $$< $$(LIB_$(1)) $$(LIBS) -lcmocka -o $$@
endef
$(foreach l,$(LAYERS),$(eval $(call unit_rules,$(l))))
.PHONY: unit
unit: $(UNIT_BINS)
	@set -e; for t in $(UNIT_BINS); do $$t; done

# ---- fuzzing: clang's libFuzzer; the same sources replay their corpus in `make test` -----------
FUZZ := $(patsubst tests/fuzz/%_fuzz.c,%,$(wildcard tests/fuzz/*_fuzz.c))
# The highest layer a target needs: the host's, or (script_*) the script side's.
FUZZ_LIB  = $(if $(filter script_%,$*),$(LIB_script),$(LIB_engine))
FUZZ_SEES = $(patsubst %,-iquote include/%,$(if $(filter script_%,$*),$(SEES_script),$(SEES_engine)))
$(B)/fuzz/%_fuzz: tests/fuzz/%_fuzz.c $(LIB_engine) $(LIB_script)
	@mkdir -p $(@D); $(SAY) FUZZ $<
	$(Q)$(CC) $(ALLC) $(FUZZ_SEES) $(INC_io) $(LHARD) -fsanitize=fuzzer $< $(FUZZ_LIB) $(LIBS) -o $@
$(B)/fuzz/%_fuzz_replay: tests/fuzz/%_fuzz.c tests/fuzz/replay_main.c $(LIB_engine) $(LIB_script)
	@mkdir -p $(@D); $(SAY) FUZZ $<
	$(Q)$(CC) $(ALLC) $(FUZZ_SEES) $(INC_io) $(LHARD) $(filter %.c,$^) $(FUZZ_LIB) $(LIBS) -o $@
REPLAYS := $(patsubst %,$(B)/fuzz/%_fuzz_replay,$(FUZZ))

comma := ,
# ---- the simulator: the engine over a played loop, clock, store, network and script process ----
SIM_SEES := $(patsubst %,-iquote include/%,$(SEES_engine)) -iquote tests/sim
SIM_WRAP := mem_alloc mem_zalloc mem_realloc mem_dupn mem_dup mem_printf mem_free log_event \
            clock_mono_us clock_mono_ms clock_wall_ms bundle_read_company
SIM_OBJS := $(patsubst tests/sim/%.c,$(B)/sim/%.o,$(filter-out tests/sim/conformance% tests/sim/rules_conformance.c,$(wildcard tests/sim/*.c)))
$(B)/sim/%.o: tests/sim/%.c | $(B)/.deps
	@mkdir -p $(@D); $(SAY) CC $<
	$(Q)$(CC) $(ALLC) $(SIM_SEES) -MMD -MP -c $< -o $@
# What the engine asks of a store and is not played yet: it links, is named, and ends a seed that calls it.
$(B)/sim/unplayed.c: $(SIM_OBJS) $(B)/libengine.a
	$(Q)nm -u $(B)/libengine.a | sed -n 's/^ *U \(store_.*\)/\1/p' | sort -u >$@.wants
	$(Q)nm --defined-only $(SIM_OBJS) | sed -n 's/^.* T \(store_.*\)/\1/p' | sort -u >$@.has
	$(Q)comm -23 $@.wants $@.has | while read f; do echo "  sim: $$f is not played" >&2; \
	    echo "void sim_fail(const char *, ...); void $$f(void) { sim_fail(\"$$f is not played\"); }"; done >$@
SIM_LIBS := $(B)/libengine.a $(LIB_io)
$(B)/sim/sim: $(SIM_OBJS) $(B)/sim/unplayed.c $(SIM_LIBS)
	@$(SAY) LD $@
	$(Q)$(CC) $(filter-out -W%,$(ALLC)) -w $(LHARD) $(patsubst %,-Wl$(comma)--wrap=%,$(SIM_WRAP)) \
	    $(SIM_OBJS) $(B)/sim/unplayed.c $(SIM_LIBS) $(LIBS) -o $@
# The virtual disk beside the real store: all that it defines gets a prefix.
DISK_OBJS := $(filter-out $(patsubst %,$(B)/sim/%.o,basics host judge machine main network outside \
             people plan rules scripts),$(SIM_OBJS))
$(B)/sim/virtual.o: $(DISK_OBJS) Makefile
	$(Q)ld -r $(DISK_OBJS) -o $@.all
	$(Q)nm --defined-only $@.all | sed -n 's/^.* [TDB] \([a-z].*\)/\1 virtual_\1/p' >$@.names
	$(Q)objcopy --redefine-syms=$@.names $@.all $@
$(B)/sim/conformance: tests/sim/conformance.c tests/sim/conformance_said.c $(B)/sim/virtual.o $(B)/sim/basics.o $(LIB_store)
	@$(SAY) TEST $<
	$(Q)$(CC) $(ALLC) $(SIM_SEES) $(LHARD) $(filter %.c,$^) $(B)/sim/virtual.o $(B)/sim/basics.o $(LIB_store) $(LIBS) -o $@
# The rules in C beside the same ones in Lua.
$(B)/sim/rules_conformance: tests/sim/rules_conformance.c $(B)/sim/rules.o $(B)/sim/basics.o $(LIB_app)
	@$(SAY) TEST $<
	$(Q)$(CC) $(ALLC) $(patsubst %,-iquote include/%,$(SEES_app)) -iquote tests/sim $(LHARD) $< $(B)/sim/rules.o \
	    $(B)/sim/basics.o $(LIB_app) $(LIBS) -o $@
# ---- engines that are wrong on purpose: the simulator must notice each ---------------------------
MUTANTS := $(patsubst tests/sim/mutants/%.sed,$(B)/sim/mutants/%,$(wildcard tests/sim/mutants/*.sed))
$(B)/sim/mutants/%: tests/sim/mutants/%.sed $(wildcard host/engine/*.c) $(B)/sim/sim
	@mkdir -p $(@D); $(SAY) LD $@
	$(Q)f=$$(sed -n '1s/^# *//p' $<); sed -f $< $$f >$@.c; \
	if cmp -s $$f $@.c; then echo "  sim: $<: the line that it changes in $$f is not there any more" >&2; \
	    printf '#!/bin/sh\necho "$< does not fit $$f any more"\n' >$@; chmod +x $@; exit 0; fi; \
	$(CC) $(filter-out -W%,$(ALLC)) -w $(SIM_SEES) $(LHARD) $(patsubst %,-Wl$(comma)--wrap=%,$(SIM_WRAP)) \
	    $(SIM_OBJS) $@.c $(B)/sim/unplayed.c $(SIM_LIBS) $(LIBS) -o $@
.PHONY: mutants sim-mutants
mutants: $(MUTANTS)
sim-mutants: mutants
	@tests/sim/mutants.sh $(B)
SIM_SECONDS ?= 60
.PHONY: sim
sim:
	@tests/deps.sh $(DEPS_BUILD)
	@$(MAKE) --no-print-directory -j2 $(B)/sim/sim
	@$(B)/sim/sim $(if $(SIM_SEED),--seed $(SIM_SEED),$(if $(SIM_SEEDS),--seeds $(SIM_SEEDS),--seconds $(SIM_SECONDS)))

# ---- what people call --------------------------------------------------------------------------
.PHONY: help debug asan tsan demo demo-web test check-build lint format install bench fuzz valgrind clean
help:
	@echo 'make            build/sauma                  make demo      the main job, end to end'
	@echo 'make demo-web   the whole world in a browser: sandboxes, a host, a company'
	@echo 'make test       everything, under ASan       make lint      layout, ban list, layers'
	@echo 'make debug|asan|tsan  build/<variant>/sauma  make valgrind  unit tests under valgrind'
	@echo 'make fuzz       each parser; FUZZ_SECONDS, _RUNS, _ONLY    make bench     figures against peers; BENCH_ONLY'
	@echo 'make torture    faults by the thousand, judged from outside; TORTURE_SECONDS, _ONLY, _SEED'
	@echo 'make sim        the run machine in simulated worlds: SIM_SECONDS, SIM_SEEDS, or one SIM_SEED'
	@echo 'make install PREFIX=... DESTDIR=...          make format    clang-format all C'
debug asan tsan:
	@$(MAKE) --no-print-directory VARIANT=$@ sauma

demo:
	@tests/deps.sh $(DEPS_BUILD) $(DEPS_DEMO)
	@$(MAKE) --no-print-directory -j2 sauma
	@examples/demo.sh $(B)/sauma
demo-web:
	@tests/deps.sh $(DEPS_BUILD)
	@$(MAKE) --no-print-directory -j2 sauma
	@examples/demo-web.sh $(B)/sauma

# Servers of others that tests talk to, and what drives the browser, from npm by name and version.
NODE := build/node
$(NODE)/node_modules/.package-lock.json: tests/node/package.json
	@mkdir -p $(NODE); cp $< $(NODE)/package.json; $(SAY) NPM $<
	$(Q)cd $(NODE) && npm install --silent --no-audit --no-fund --no-package-lock
	@touch $@
.PHONY: test-node
test-node: $(NODE)/node_modules/.package-lock.json

# All that `make test` runs, built with address and undefined-behaviour sanitizers.
check-build: sauma $(UNIT_BINS) $(REPLAYS) $(B)/sim/sim $(B)/sim/conformance $(B)/sim/rules_conformance $(B)/torture/store_torture
test:
	@tests/deps.sh $(DEPS_BUILD) $(DEPS_TEST)
	@$(MAKE) --no-print-directory -j2 VARIANT=asan check-build mutants test-node
	@tests/run.py --build build/asan

# Each family of faults in full numbers: hours. tests/torture/torture.py says what TORTURE_* set.
.PHONY: torture
torture:
	@tests/deps.sh $(DEPS_BUILD) $(DEPS_TEST)
	@$(MAKE) --no-print-directory -j2 sauma $(B)/bench/flow $(B)/torture/store_torture $(B)/torture/fail_malloc.so test-node
	@$(MAKE) --no-print-directory -j2 VARIANT=debug sauma
	@tests/torture/torture.py --build build --faults-build build/debug

# Syncs that are wrong on purpose, each of which a company's test or family Y1 must find: minutes.
.PHONY: sync-mutants
sync-mutants:
	@tests/deps.sh $(DEPS_BUILD) $(DEPS_TEST)
	@$(MAKE) --no-print-directory -j2 sauma
	@tests/torture/y1_mutants.py --build build

valgrind:
	@tests/deps.sh $(DEPS_BUILD) $(DEPS_TEST) valgrind
	@$(MAKE) --no-print-directory -j2 VARIANT=debug check-build test-node build/debug/valgrind_calls.so
	@tests/run.py --build build/debug --valgrind
$(B)/valgrind_calls.so: tests/valgrind_calls.c | $(B)/.deps
	@mkdir -p $(@D); $(SAY) CC $<
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE -g $(WARN) -fPIC -shared $< -o $@ -ldl

# Each for FUZZ_SECONDS, or as often as FUZZ_RUNS says; FUZZ_ONLY="http_in retry_after" chooses.
# Inputs are short: there is nothing in them that takes many bytes, and runs are what finds. A large
# quarantine of freed memory is cache missed. tests/fuzz/dict/ has the words of a format.
FUZZ_ASAN := quarantine_size_mb=4:malloc_context_size=8
FUZZ_LEN  ?= 1024
FUZZ_SECONDS ?= 60
FUZZ_ONLY ?= $(FUZZ)
fuzz:
	@tests/deps.sh $(DEPS_BUILD) $(DEPS_FUZZ)
	@$(MAKE) --no-print-directory -j2 VARIANT=fuzz fuzz-build
	@for t in $(FUZZ_ONLY); do mkdir -p build/fuzz/found/$$t; \
	    echo "fuzzing $$t $(if $(FUZZ_RUNS),$(FUZZ_RUNS) times,for $(FUZZ_SECONDS) s)"; \
	    dict=tests/fuzz/dict/$$t; [ -f $$dict ] || dict=; \
	    ASAN_OPTIONS=$(FUZZ_ASAN) build/fuzz/fuzz/$${t}_fuzz $(if $(FUZZ_RUNS),-runs=$(FUZZ_RUNS),-max_total_time=$(FUZZ_SECONDS)) \
	        $${dict:+-dict=$$dict} -max_len=$(FUZZ_LEN) -verbosity=0 -print_funcs=0 \
	        -print_final_stats=1 -artifact_prefix=build/fuzz/found/ build/fuzz/found/$$t \
	        tests/fuzz/corpus/$$t || exit 1; done
.PHONY: fuzz-build
fuzz-build: $(patsubst %,$(B)/fuzz/%_fuzz,$(FUZZ_ONLY))

lint:
	@tests/deps.sh $(DEPS_LINT)
	@tests/lint.sh
format:
	@tests/deps.sh clang-format
	clang-format -i $(shell git ls-files '*.c' '*.h')

# Torture of the store: power cuts, broken and full disks, no memory, damaged files. FAMILY=power
# and SEED choose; a subset is in `make test`.
STORE_TORTURE := $(wildcard tests/torture/store_*.c)
$(B)/torture/store_torture: $(STORE_TORTURE) $(wildcard tests/torture/store_*.h) $(LIB_store)
	@mkdir -p $(@D); $(SAY) TEST $@
	$(Q)$(CC) $(ALLC) $(patsubst %,-iquote include/%,$(SEES_store)) -iquote tests/torture $(LHARD) \
	    $(STORE_TORTURE) $(LIB_store) $(LIBS) -o $@
.PHONY: torture-store
$(B)/torture/fail_malloc.so: tests/torture/fail_malloc.c | $(B)/.deps
	@mkdir -p $(@D); $(SAY) CC $<
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE -O2 $(WARN) -fPIC -fno-builtin -shared $< -o $@
torture-store: $(B)/torture/store_torture
	@$< $(FAMILY) --full $(if $(SEED),--seed $(SEED))

BENCHES := $(patsubst tests/bench/%.c,$(B)/bench/%,$(wildcard tests/bench/*.c))
bench: sauma
	@tests/deps.sh $(DEPS_BENCH)
	@$(MAKE) --no-print-directory $(BENCHES)
	@tests/bench/bench.py --build $(B) --only "$(BENCH_ONLY)" $(if $(BENCH_SECONDS),--seconds $(BENCH_SECONDS))
$(B)/bench/script_out_bench: tests/bench/script_out_bench.c $(LIB_app)
	@mkdir -p $(@D); $(SAY) CC $<
	$(Q)$(CC) $(ALLC) $(patsubst %,-iquote include/%,$(SEES_app)) $(LHARD) $< $(LIB_app) $(LIBS) -o $@
$(B)/bench/%: tests/bench/%.c $(LIB_engine)
	@mkdir -p $(@D); $(SAY) CC $<
	$(Q)$(CC) $(ALLC) $(patsubst %,-iquote include/%,$(SEES_engine)) $(LHARD) $< $(LIB_engine) \
	    $(LIBS) -o $@

# Quality and speed of the matching primitives on the data sets at DATA.
DATA ?= ../shared/data
# bench-match-spread: the same decisions on data that was changed; bench-match-million: a million
# products, as the host keeps them.
.PHONY: bench-match bench-match-spread bench-match-million
bench-match: sauma $(B)/bench/match_bench
	@tests/bench/match_quality.py $(B)/sauma $(DATA)
	@$(B)/bench/match_bench $(DATA)
	@tests/bench/match_products.py $(B)/sauma $(DATA)
bench-match-spread: sauma
	@tests/bench/match_spread.py $(B)/sauma $(DATA)
bench-match-million: $(B)/bench/match_million
	@$(B)/bench/match_million

install: sauma
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/sauma
	install -m 755 $(B)/sauma $(DESTDIR)$(PREFIX)/bin/sauma
	for f in $$(find lua rules host/help examples/*/ -type f); do \
	    install -D -m 644 $$f $(DESTDIR)$(PREFIX)/share/sauma/$$f || exit 1; done

clean:
	rm -rf build

# ---- dependencies ------------------------------------------------------------------------------
$(B)/.deps: Makefile tests/deps.sh
	@tests/deps.sh $(DEPS_BUILD)
	@mkdir -p $(@D); touch $@

-include $(shell find $(B) -name '*.d' 2>/dev/null)
