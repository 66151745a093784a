# The attention kit. `make help` lists what there is to type.

STARTER := starter/
SUBMISSION ?= starter
SUBMISSIONS ?= tests/submissions
# Where grades are kept: those of the sample class go with the build, those of a real one stay.
GRADES ?= $(if $(filter tests/submissions,$(SUBMISSIONS)),$(BUILD)/sample-grades,grades)
ROSTER ?=

.DEFAULT_GOAL := help

include grader/build.mk

# ---- what only instructors have ------------------------------------------------------------------

all: $(PROGRAMS) $(BUILD)/tests/public $(BUILD)/tests/hidden

$(BUILD)/tests/hidden: $(patsubst %.c,$(OBJ)/%.o,$(wildcard tests/hidden/*.c))

# The same tests linked directly to an attention.c: for coverage, sanitizers, and writing tests.
IMPLEMENTATION ?= solution/attention.c
# The rows of the table of the API (grader/wire/api.h), one a line: ROW(1, TENSOR, create_..., ...)
API := $(BUILD)/api
$(API): grader/wire/api.h $(STARTER)attention.h $(STARTER)tensor.h | $(OBJ)
	$(Q)printf '#include "wire/api.h"\nAPI(ROW)\n' | $(CC) -E -P -I$(STARTER) -Igrader -x c - | \
	    grep -o 'ROW([^)]*)' >$@
DIRECT_WRAP = -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc \
    $$(sed -E 's/ROW\([^,]*,[^,]*, *([^,]*),.*/-Wl,--wrap=\1/' $(API))
DIRECT_OBJ := $(filter-out $(OBJ)/grader/proxy/% %/wire.o %/reply.o,$(SUPPORT_OBJ)) \
    $(OBJ)/tests/support/direct.o $(OBJ)/plain/$(IMPLEMENTATION:.c=.o)
DIRECT_TESTS := $(BUILD)/tests/public-direct $(BUILD)/tests/hidden-direct
$(DIRECT_TESTS): $(DIRECT_OBJ) $(API) $(LIBGIT2)/built FORCE
	@mkdir -p $(@D)
	$(SAY) LINK $@
	$(Q)$(CC) -o $@ $(filter %.o,$^) $(DIRECT_WRAP) -Wl,--no-as-needed $(TEST_LIBS)

$(foreach set,public hidden,$(eval $(BUILD)/tests/$(set)-direct: \
    $(patsubst %.c,$(OBJ)/%.o,$(wildcard tests/$(set)/*.c))))

# ---- grading -------------------------------------------------------------------------------------

##@ for instructors

grade: $(PROGRAMS) $(BUILD)/tests/hidden ## grade SUBMISSIONS=dir by the hidden tests; ROSTER=list.csv
	@$(GRADER) grade --grades='$(GRADES)' $(if $(ROSTER),--roster='$(ROSTER)') \
	    $(if $(SEED),--seed='$(SEED)') --report=$(BUILD)/report '$(SUBMISSIONS)' || \
	    [ $$? -eq 1 ] # points were lost: no mistake of make's

# ---- the assignment ------------------------------------------------------------------------------

starter: $(GRADER) ## make starter/attention.c from solution/attention.c
	$(GRADER) stub --output starter/attention.c solution/attention.c
	cp starter/attention.c tests/submissions/dora-untouched/attention.c

OUTPUT ?= $(BUILD)/release
release: $(PROGRAMS) $(BUILD)/tests/public $(BUILD)/tests/hidden ## the student repo, folder and tarball; OUTPUT=build/release
	@$(GRADER) release '$(OUTPUT)'

# The tests of a build of its own, so that gcovr sees what they reach of the solution.
COVERED := $(BUILD)/covered
VALIDATION ?= $(BUILD)/validation
validate: all ## prove that it grades right; SEEDS=200 for the full proof
	$(Q)rm -rf $(COVERED)
	$(Q)$(MAKE) --no-print-directory BUILD=$(COVERED) OPT='-O0 -g' HARDEN= INSTRUMENT=--coverage \
	    EXTRA_LDFLAGS=--coverage $(COVERED)/tests/hidden-direct
	$(Q)$(COVERED)/tests/hidden-direct >$(COVERED)/log 2>&1 || { cat $(COVERED)/log; exit 1; }
	$(Q)gcovr --root . --filter solution/ --json-summary $(COVERED)/summary.json $(COVERED)
	@$(GRADER) validate --coverage='$(COVERED)/summary.json' --output='$(VALIDATION)' \
	    $(if $(SEEDS),--seeds='$(SEEDS)')

# ---- the kit's own tests -------------------------------------------------------------------------

$(OBJ)/tests/grader/%.o: CFLAGS_USED = $(GRADER_CFLAGS) -Itests/support -Itests/grader
GRADER_TESTS := $(BUILD)/tests/grader
# What the tests of the sandbox run inside it.
INSIDE_OBJ := $(patsubst %.c,$(OBJ)/plain/%.o,$(wildcard tests/grader/support/programs/*.c)) $(OBJ)/plain/grader/inside/confine/lockdown.o
$(BUILD)/tests/inside: $(INSIDE_OBJ)
	@mkdir -p $(@D)
	$(SAY) LINK $@
	$(Q)$(CC) -o $@ $^ $(EXTRA_LDFLAGS)

$(GRADER_TESTS): | $(BUILD)/tests/inside $(LIBEXEC)/confine
# The folders of tests/grader that have tests of the grader in them, or what these share.
TESTED := support $(ROOMS) proxy instructor/*
$(GRADER_TESTS): $(patsubst %.c,$(OBJ)/%.o,$(wildcard tests/grader/*.c $(TESTED:%=tests/grader/%/*.c))) $(GRADER_OBJ) \
    $(patsubst %.c,$(OBJ)/%.o,$(wildcard grader/proxy/*.c))
	@mkdir -p $(@D)
	$(SAY) LINK $@
	$(Q)$(CC) -o $@ $^ $(GRADER_LIBS) $(shell pkg-config --libs criterion)

##@ for developers of the kit

# Every line and branch of the solution by the hidden tests, and the grader by its own. What runs in
# the sandbox (worker, confine) cannot write down what it reached, and is left out.
$(OBJ)/plain/solution/%.o: PLAIN_CFLAGS += $(INSTRUMENT)
coverage: ## what the tests reach, by gcovr
	$(Q)rm -rf $(BUILD)/coverage
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/coverage OPT='-O0 -g' HARDEN= \
	    INSTRUMENT=--coverage EXTRA_LDFLAGS=--coverage all $(BUILD)/coverage/tests/hidden-direct \
	    $(BUILD)/coverage/tests/grader
	$(Q)$(BUILD)/coverage/tests/hidden-direct
	$(Q)$(BUILD)/coverage/tests/grader
	$(Q)GRADER=$(CURDIR)/$(BUILD)/coverage/grader tests/grader/instructor/class.sh
	$(Q)GRADER=$(CURDIR)/$(BUILD)/coverage/grader tests/grader/instructor/slurm.sh
	$(Q)gcovr --root . --filter solution/ --fail-under-line 100 --fail-under-branch 100 \
	    $(BUILD)/coverage
	$(Q)gcovr --root . --filter grader/ --exclude grader/inside/worker/ --fail-under-line 85 \
	    $(BUILD)/coverage

# A build of its own, in which every mistake with memory or arithmetic in the grader ends the test;
# then Valgrind on the ordinary one. Criterion leaves behind what it allocated, so leaks are looked
# for in the grader itself: while it grades all of tests/hostile, with an exit status of 0 or 1.
GRADE_HOSTILE = grade --quiet --again --grades=$(BUILD)/sanitize/grades tests/hostile >$(BUILD)/sanitize/log
sanitize: all ## the tests and attacks by ASan, UBSan, Valgrind; half an hour
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/sanitize OPT='-O1 -g' HARDEN= \
	    INSTRUMENT='-fsanitize=address,undefined -fno-sanitize-recover=all' all \
	    $(BUILD)/sanitize/tests/grader
	$(Q)ASAN_OPTIONS=detect_leaks=0 $(BUILD)/sanitize/tests/grader
	$(Q)ASAN_OPTIONS=exitcode=99 UBSAN_OPTIONS=exitcode=99 \
	    $(BUILD)/sanitize/grader $(GRADE_HOSTILE) || [ $$? -eq 1 ]
	$(Q)valgrind --quiet --leak-check=full --show-leak-kinds=definite --error-exitcode=99 \
	    --errors-for-leak-kinds=definite $(GRADER) $(GRADE_HOSTILE) || [ $$? -eq 1 ]

# A build of its own by clang. What once was found lies with the seeds, in tests/grader/fuzz/NAME/.
SECONDS ?= 20
FUZZERS := $(patsubst tests/grader/fuzz/fuzz_%.c,%,$(wildcard tests/grader/fuzz/fuzz_*.c))
$(BUILD)/fuzz_%: $(OBJ)/tests/grader/fuzz/fuzz_%.o $(GRADER_OBJ) $(OBJ)/grader/proxy/death.o
	$(SAY) LINK $@
	$(Q)$(CC) -o $@ $^ $(GRADER_LIBS) $(shell pkg-config --libs criterion)

fuzz: ## strange bytes for each reader of them, for SECONDS=20
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/fuzz CC=clang WARN= OPT='-O1 -g' \
	    EXTRA_CFLAGS='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all' \
	    EXTRA_LDFLAGS=-fsanitize=fuzzer,address,undefined $(FUZZERS:%=$(BUILD)/fuzz/fuzz_%)
	$(Q)mkdir -p $(BUILD)/fuzz/corpus/object
	$(Q)$(CC) -shared -nostartfiles -fPIC -Istarter -o $(BUILD)/fuzz/corpus/object/solution.so -s \
	    solution/attention.c -lm
	$(Q)set -e; for name in $(FUZZERS); do \
	    seeds=tests/grader/fuzz/$$name; log=$(BUILD)/fuzz/$$name.log; \
	    mkdir -p $(BUILD)/fuzz/corpus/$$name; [ -d $$seeds ] || seeds=; \
	    $(BUILD)/fuzz/fuzz_$$name -max_total_time=$(SECONDS) -max_len=20000 -timeout=10 -verbosity=0 \
	        -artifact_prefix=$(BUILD)/fuzz/$$name- -print_final_stats=1 \
	        $(BUILD)/fuzz/corpus/$$name $$seeds >$$log 2>&1 || { tail -50 $$log; exit 1; }; \
	    sed -n "s/stat::number_of_executed_units: */$$name: nothing found, inputs tried: /p" $$log; \
	done

# The solution as an object that Python can load.
$(BUILD)/tests/solution.so: solution/attention.c $(STARTER)tensor.c
	@mkdir -p $(@D)
	$(SAY) LINK $@
	$(Q)$(CC) $(PLAIN_CFLAGS) -shared -fPIC -o $@ $^ -lm

test: all $(GRADER_TESTS) $(API) $(BUILD)/tests/solution.so ## pass every test of the kit
	$(Q)$(GRADER_TESTS)
	$(Q)tests/grader/numpy_check.py $(BUILD)/tests/solution.so $(API)
	$(Q)tests/grader/instructor/class.sh
	$(Q)tests/grader/instructor/slurm.sh
	$(Q)tests/grader/student.sh $(BUILD)
	$(Q)tests/use.sh $(BUILD)/use-test

bench: all $(BUILD)/tests/hidden-direct ## what a grading costs, beside the plain pipeline
	@tests/bench.sh $(BUILD)

N ?= 300
bench-class: all ## what a class of N=300 costs, and if its grades are right
	@N=$(N) tests/grader/instructor/bench_class.sh

HOSTILE ?=
hostile: all $(GRADER_TESTS) ## HOSTILE=run-: grade those that try to cheat; takes minutes
	$(Q)HOSTILE='$(HOSTILE)' $(GRADER_TESTS) --filter='hostile/*'

include solution/train/train.mk

SOURCES = $(shell git ls-files '*.c' '*.h' | grep -vE '^tests/(submissions|mutants|hostile|correct|grader/[a-z]+/data)/')
SCRIPTS = $(shell git ls-files '*.sh') .ci/run

format: ## lay out the C sources
	$(Q)clang-format -i $(SOURCES)

lint: ## look for mistakes without running anything
	$(Q)tests/grader/includes.sh
	$(Q)tests/includes.py $(FLOORS)
	$(Q)tests/grader/documents.sh
	$(Q)tests/documents.py
	$(Q)clang-format --dry-run -Werror $(SOURCES)
	$(Q)cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr --enable=warning,portability \
	    --suppress=internalAstError --library=gtk '-DTest(suite,name,...)=void suite##_##name(void)' \
	    '-DTestSuite(...)=struct suite' '-DParameterizedTest(p,suite,name,...)=void suite##_##name(p)' \
	    '-DParameterizedTestParameters(suite,name)=void suite##_##name##_parameters(void)' \
	    -D__x86_64__ -Istarter -Igrader -Itests/support -Itests/grader $(filter %.c,$(SOURCES))
	$(Q)printf '%s\n' $(filter grader/% starter/% solution/%,$(filter %.c,$(SOURCES))) | \
	    xargs -P 2 -n 8 sh -c 'clang-tidy --quiet "$$@" -- $(GRADER_CFLAGS) -Itests/support' sh
	$(Q)shellcheck $(SCRIPTS)

.PHONY: all sanitize hostile bench bench-class coverage grade starter release validate test fuzz format lint FORCE
