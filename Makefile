# The attention kit. `make help` lists what there is to type.

BUILD ?= build
CC = gcc
SUBMISSION ?= starter
SUBMISSIONS ?= tests/submissions
ITEM ?=
TEST ?=

# Commands are shown in short; V=1 shows them whole.
Q := $(if $(V),,@)
SAY = $(if $(V),@:,@printf '  %-5s %s\n')

.DEFAULT_GOAL := help

# ---- flags ---------------------------------------------------------------------------------------

PACKAGES := glib-2.0 gio-2.0 jansson yaml-0.1 libelf libseccomp
CLASS := $(wildcard grader/class/*.c)
ifneq ($(CLASS),)
PACKAGES += sqlite3 libarchive
WITH_CLASS := -DWITH_CLASS
endif

WARN := -Wall -Wextra -Wpedantic -Werror
HARDEN := -fstack-protector-strong -D_FORTIFY_SOURCE=2
OPT ?= -O2 -g
CFLAGS_OWN = -std=gnu17 $(OPT) $(WARN) $(HARDEN) $(EXTRA_CFLAGS)
GRADER_CFLAGS = $(CFLAGS_OWN) -D_GNU_SOURCE -Istarter -Igrader -Igrader/worker $(WITH_CLASS) \
    $(shell pkg-config --cflags $(PACKAGES))
GRADER_LIBS = $(shell pkg-config --libs $(PACKAGES)) -lm -pthread $(EXTRA_LDFLAGS)
# What runs beside student code, and what the tests compare with: plain C, exact arithmetic.
PLAIN_CFLAGS = -std=gnu17 -O1 -g -fno-omit-frame-pointer -ffp-contract=off $(WARN) -D_GNU_SOURCE \
    -Istarter -Igrader/worker -Itests/support $(EXTRA_CFLAGS)

DEPS = -MMD -MP
OBJ := $(BUILD)/obj

# ---- what is built -------------------------------------------------------------------------------

LIBEXEC := $(BUILD)/libexec
GRADER := $(BUILD)/grader
PROGRAMS := $(GRADER) $(LIBEXEC)/worker $(LIBEXEC)/confine

GRADER_MAIN := $(OBJ)/grader/main.o
GRADER_OBJ := $(patsubst %.c,$(OBJ)/%.o,$(filter-out grader/main.c,$(wildcard grader/*.c)) $(CLASS)) \
    $(OBJ)/grader/worker/wire.o $(OBJ)/starter/tensor.o
WORKER_OBJ := $(patsubst %.c,$(OBJ)/%.o,$(wildcard grader/worker/*.c))
SUPPORT_OBJ := $(patsubst %.c,$(OBJ)/%.o,$(filter-out %/direct.c,$(wildcard tests/support/*.c))) \
    $(OBJ)/plain/grader/worker/wire.o $(OBJ)/plain/starter/tensor.o
ASSIGNMENT_TESTS := $(foreach set,public hidden,$(if $(wildcard tests/$(set)/*.c),$(BUILD)/tests/$(set)))

all: $(PROGRAMS) $(ASSIGNMENT_TESTS)

$(GRADER): $(GRADER_MAIN) $(GRADER_OBJ)
	@mkdir -p $(@D)
	$(SAY) LINK $@
	$(Q)$(CC) -o $@ $^ $(GRADER_LIBS)

# The worker exports tensor.h to the student's object, and nothing is inlined into it.
$(LIBEXEC)/worker: $(patsubst $(OBJ)/%,$(OBJ)/plain/%,$(WORKER_OBJ)) $(OBJ)/worker/tensor.o
	@mkdir -p $(@D)
	$(SAY) LINK $@
	$(Q)$(CC) -rdynamic -o $@ $^ -lm -ldl $(EXTRA_LDFLAGS)

CONFINE_OBJ := $(patsubst %.c,$(OBJ)/plain/%.o,$(wildcard grader/confine/*.c)) $(OBJ)/plain/grader/worker/leaf.o
$(LIBEXEC)/confine: $(CONFINE_OBJ)
	@mkdir -p $(@D)
	$(SAY) LINK $@
	$(Q)$(CC) -o $@ $^ $(EXTRA_LDFLAGS)

TEST_LIBS = $(shell pkg-config --libs criterion jansson) -lm $(EXTRA_LDFLAGS)
$(BUILD)/tests/%: $(SUPPORT_OBJ)
	@mkdir -p $(@D)
	$(SAY) LINK $@
	$(Q)$(CC) -o $@ $^ $(TEST_LIBS)

# The same tests linked directly to an attention.c: for coverage, sanitizers, and writing tests.
IMPLEMENTATION ?= solution/attention.c
COMMA := ,
DIRECT_WRAP := $(addprefix -Wl$(COMMA)--wrap=,malloc calloc realloc scaled_dot_product_attention \
    self_attention_create self_attention_forward self_attention_free \
    create_causal_mask create_padding_mask create_bidirectional_mask)
DIRECT_OBJ := $(filter-out %/proxy.o %/death.o %/wire.o,$(SUPPORT_OBJ)) \
    $(OBJ)/tests/support/direct.o $(OBJ)/plain/$(IMPLEMENTATION:.c=.o)
DIRECT_TESTS := $(BUILD)/tests/public-direct $(BUILD)/tests/hidden-direct
$(DIRECT_TESTS): $(DIRECT_OBJ) FORCE
	@mkdir -p $(@D)
	$(SAY) LINK $@
	$(Q)$(CC) -o $@ $(filter %.o,$^) $(DIRECT_WRAP) $(TEST_LIBS)

$(foreach set,public hidden,$(eval $(BUILD)/tests/$(set) $(BUILD)/tests/$(set)-direct: \
    $(patsubst %.c,$(OBJ)/%.o,$(wildcard tests/$(set)/*.c))))

$(OBJ)/tests/public/%.o $(OBJ)/tests/hidden/%.o $(OBJ)/tests/support/%.o: CFLAGS_USED = $(PLAIN_CFLAGS)
$(OBJ)/tests/grader/%.o: CFLAGS_USED = $(GRADER_CFLAGS) -Itests/support -Itests/grader
$(OBJ)/grader/%.o $(OBJ)/starter/%.o: CFLAGS_USED = $(GRADER_CFLAGS)
# `make setup check` installs before anything is compiled, with -j too.
FIRST := $(filter setup,$(MAKECMDGOALS))
$(OBJ)/%.o: %.c | $(FIRST)
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(CC) $(CFLAGS_USED) $(DEPS) -c -o $@ $<
$(OBJ)/plain/%.o: %.c | $(FIRST)
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(CC) $(PLAIN_CFLAGS) $(DEPS) -c -o $@ $<
# The worker's tensors are created with the student's allocations: both can be made to fail.
$(OBJ)/worker/tensor.o: starter/tensor.c | $(FIRST)
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(CC) $(PLAIN_CFLAGS) -Dmalloc=__wrap_malloc -Dcalloc=__wrap_calloc $(DEPS) -c -o $@ $<

# ---- grading -------------------------------------------------------------------------------------

setup: ## install what is missing (Debian, Ubuntu; uses sudo unless you are root)
	@grader/setup.sh

check: $(PROGRAMS) $(BUILD)/tests/public ## SUBMISSION=starter against the public tests; ITEM=masking for one item
	@$(GRADER) check $(if $(ITEM),--item=$(ITEM)) $(if $(TEST),--test=$(TEST)) $(SUBMISSION)

grade: $(PROGRAMS) $(BUILD)/tests/hidden ## SUBMISSIONS=tests/submissions against the hidden tests
	@$(GRADER) grade $(SUBMISSIONS)

# ---- the assignment ------------------------------------------------------------------------------

starter: $(GRADER) ## make starter/attention.c from solution/attention.c
	$(GRADER) stub --output starter/attention.c solution/attention.c

# ---- the kit's own tests -------------------------------------------------------------------------

GRADER_TESTS := $(BUILD)/tests/grader
# What the tests of the sandbox run inside it.
INSIDE_OBJ := $(patsubst %.c,$(OBJ)/plain/%.o,$(wildcard tests/grader/programs/*.c)) $(OBJ)/plain/grader/worker/leaf.o
$(BUILD)/tests/inside: $(INSIDE_OBJ)
	@mkdir -p $(@D)
	$(SAY) LINK $@
	$(Q)$(CC) -o $@ $^ $(EXTRA_LDFLAGS)

$(GRADER_TESTS): | $(BUILD)/tests/inside $(LIBEXEC)/confine
$(GRADER_TESTS): $(patsubst %.c,$(OBJ)/%.o,$(wildcard tests/grader/*.c)) $(GRADER_OBJ)
	@mkdir -p $(@D)
	$(SAY) LINK $@
	$(Q)$(CC) -o $@ $^ $(GRADER_LIBS) $(shell pkg-config --libs criterion)

# Every line and every branch of the solution, by the hidden tests.
coverage: ## what the tests reach
	$(Q)rm -rf $(BUILD)/coverage
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/coverage EXTRA_CFLAGS='--coverage -O0' \
	    EXTRA_LDFLAGS=--coverage $(BUILD)/coverage/tests/hidden-direct
	$(Q)$(BUILD)/coverage/tests/hidden-direct
	$(Q)gcovr --root . --filter solution/ --fail-under-line 100 --fail-under-branch 100 \
	    $(BUILD)/coverage

# A build of its own by clang. What once was found lies with the seeds, in tests/grader/fuzz/NAME/.
SECONDS ?= 20
FUZZERS := $(patsubst tests/grader/fuzz/fuzz_%.c,%,$(wildcard tests/grader/fuzz/fuzz_*.c))
$(BUILD)/fuzz_%: $(OBJ)/tests/grader/fuzz/fuzz_%.o $(GRADER_OBJ) $(OBJ)/tests/support/death.o
	$(SAY) LINK $@
	$(Q)$(CC) -o $@ $^ $(GRADER_LIBS) $(shell pkg-config --libs criterion)

fuzz: ## every reader of untrusted bytes gets strange ones, for SECONDS=20 each
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/fuzz CC=clang WARN= OPT='-O1 -g' \
	    EXTRA_CFLAGS='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all' \
	    EXTRA_LDFLAGS=-fsanitize=fuzzer,address,undefined $(FUZZERS:%=$(BUILD)/fuzz/fuzz_%)
	$(Q)set -e; for name in $(FUZZERS); do \
	    seeds=tests/grader/fuzz/$$name; log=$(BUILD)/fuzz/$$name.log; \
	    mkdir -p $(BUILD)/fuzz/corpus/$$name; [ -d $$seeds ] || seeds=; \
	    $(BUILD)/fuzz/fuzz_$$name -max_total_time=$(SECONDS) -max_len=20000 -timeout=10 -verbosity=0 \
	        -artifact_prefix=$(BUILD)/fuzz/$$name- -print_final_stats=1 \
	        $(BUILD)/fuzz/corpus/$$name $$seeds >$$log 2>&1 || { tail -50 $$log; exit 1; }; \
	    sed -n "s/stat::number_of_executed_units: */$$name: nothing found, inputs tried: /p" $$log; \
	done

.SECONDARY:
-include $(shell find $(OBJ) -name '*.d' 2>/dev/null)

test: all $(GRADER_TESTS) ## pass every test of the kit
	$(Q)$(GRADER_TESTS)

SOURCES = $(shell git ls-files '*.c' '*.h' | grep -vE '^tests/(submissions|mutants|hostile|correct|grader/data)/')
SCRIPTS = $(shell git ls-files '*.sh') .ci/run

format: ## lay out the C sources
	clang-format -i $(SOURCES)

lint: ## look for mistakes without running anything
	clang-format --dry-run -Werror $(SOURCES)
	cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr --enable=warning,portability \
	    --suppress=internalAstError --library=gtk -Istarter -Igrader -Igrader/worker $(filter %.c,$(SOURCES))
	clang-tidy --quiet $(filter grader/% starter/% solution/%,$(filter %.c,$(SOURCES))) -- $(GRADER_CFLAGS)
	shellcheck $(SCRIPTS)

clean: ## remove everything that was built
	rm -rf $(BUILD)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: all setup check coverage grade starter test fuzz format lint clean help FORCE
