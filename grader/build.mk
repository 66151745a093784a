# build.mk: how the grader and the public tests are built and run, the same for students and
# instructors. The Makefile that includes it sets STARTER, the folder of attention.h with a slash at
# its end (or nothing), and SUBMISSION, the folder of the attention.c that is looked at.

BUILD ?= build
CC = gcc
ITEM ?=
TEST ?=
SEED ?=

# Commands are shown in short; V=1 shows them whole.
Q := $(if $(V),,@)
SAY = $(if $(V),@:,@printf '  %-5s %s\n')

# ---- flags ---------------------------------------------------------------------------------------

PACKAGES := glib-2.0 gio-2.0 jansson yaml-0.1 libelf libseccomp
# The rooms of the grader from the ground up; ARCHITECTURE.md tells what each is for. A file includes
# only what is of its own room or of one before it, which `make lint` holds: tests/includes.py. The
# first rows are plain C, and have no room of the others to stand on; "." is grader/ itself.
FLOORS := wire inside/confine inside/worker inside/control \
    tests/support proxy tests/support/direct.c \
    base result rubric sandbox intake gate compile run valgrind memory report . commands \
    instructor/inbox instructor/gradebook instructor/export instructor/batch \
    instructor/mutants instructor/release instructor/proof instructor/commands main.c
# Those that make the program `grader`; only instructors have grader/instructor/.
ROOMS := $(filter-out inside/% tests/% proxy instructor/% . main.c,$(FLOORS))
INSTRUCTOR := $(wildcard grader/instructor/*/*.c)
ifneq ($(INSTRUCTOR),)
PACKAGES += sqlite3 libarchive
INSTRUCTOR_LIBS := -lcsv
WITH_INSTRUCTOR := -DWITH_INSTRUCTOR
endif

# A warning of a compiler that we do not know is no reason why a student cannot begin.
WARN := -Wall -Wextra -Wpedantic $(if $(INSTRUCTOR),-Werror)
HARDEN := -fstack-protector-strong -D_FORTIFY_SOURCE=2
OPT ?= -O2 -g
CFLAGS_OWN = -std=gnu17 $(OPT) $(WARN) $(HARDEN) $(EXTRA_CFLAGS) $(INSTRUMENT)
GRADER_CFLAGS = $(CFLAGS_OWN) -D_GNU_SOURCE -I$(or $(STARTER),.) -Igrader $(WITH_INSTRUCTOR) \
    $(shell pkg-config --cflags $(PACKAGES))
GRADER_LIBS = $(shell pkg-config --libs $(PACKAGES)) $(INSTRUCTOR_LIBS) -lm -pthread $(EXTRA_LDFLAGS) $(INSTRUMENT)
# What runs beside student code, and what the tests compare with: plain C, exact arithmetic, and the
# DWARF of which Valgrind understands what clang writes, too.
PLAIN_CFLAGS = -std=gnu17 -O1 -gdwarf-4 -fno-omit-frame-pointer -ffp-contract=off $(WARN) -D_GNU_SOURCE \
    -I$(or $(STARTER),.) -Igrader -Itests/support $(EXTRA_CFLAGS)

DEPS = -MMD -MP
OBJ := $(BUILD)/obj

# ---- what is built -------------------------------------------------------------------------------

LIBEXEC := $(BUILD)/libexec
GRADER := $(BUILD)/grader
# grader/kit.c lists what is in libexec, too.
PROGRAMS := $(GRADER) $(addprefix $(LIBEXEC)/,worker confine control.so)

GRADER_MAIN := $(OBJ)/grader/main.o
GRADER_OBJ := $(patsubst %.c,$(OBJ)/%.o,$(filter-out grader/main.c,$(wildcard grader/*.c)) \
    $(wildcard $(ROOMS:%=grader/%/*.c)) $(INSTRUCTOR)) $(OBJ)/$(STARTER)tensor.o
WORKER_OBJ := $(patsubst %.c,$(OBJ)/plain/%.o,$(wildcard grader/inside/worker/*.c)) \
    $(addprefix $(OBJ)/plain/grader/,inside/confine/lockdown.o wire/api.o wire/wire.o)
WIRE_OBJ := $(patsubst %.c,$(OBJ)/plain/%.o,$(wildcard grader/wire/*.c))
SUPPORT_OBJ := $(patsubst %.c,$(OBJ)/%.o,$(filter-out %/direct.c %/libgit2.c,$(wildcard tests/support/*.c)) \
    $(wildcard grader/proxy/*.c)) $(WIRE_OBJ) $(OBJ)/plain/$(STARTER)tensor.o

$(GRADER): $(GRADER_MAIN) $(GRADER_OBJ)
	@mkdir -p $(@D)
	$(SAY) LINK $@
	$(Q)$(CC) -o $@ $^ $(GRADER_LIBS)

# The worker exports tensor.h to the student's object, and nothing is inlined into it. Which function it
# calls where is settled before student code runs, and then not to be written to.
$(LIBEXEC)/worker: $(WORKER_OBJ) $(OBJ)/worker/tensor.o
	@mkdir -p $(@D)
	$(SAY) LINK $@
	$(Q)$(CC) -rdynamic -Wl,-z,relro,-z,now -o $@ $^ -lm -ldl $(EXTRA_LDFLAGS)

$(LIBEXEC)/control.so: grader/inside/control/attention.c grader/wire/api.h
	@mkdir -p $(@D)
	$(SAY) LINK $@
	$(Q)$(CC) $(PLAIN_CFLAGS) -fno-builtin -fPIC -shared -o $@ $<

CONFINE_OBJ := $(patsubst %.c,$(OBJ)/plain/%.o,$(wildcard grader/inside/confine/*.c))
$(LIBEXEC)/confine: $(CONFINE_OBJ)
	@mkdir -p $(@D)
	$(SAY) LINK $@
	$(Q)$(CC) -o $@ $^ $(EXTRA_LDFLAGS)

# tests/support/libgit2.c under the name by which Criterion asks for libgit2, for the test programs
# alone; nothing where Criterion does not, or wants more of it than is there.
LIBGIT2 := $(BUILD)/tests/lib
$(LIBGIT2)/built: tests/support/libgit2.c | $(OBJ)
	@mkdir -p $(@D)
	$(SAY) LINK $(@D)/libgit2.so
	$(Q)name=$$(readelf -d "$$($(CC) -print-file-name=libcriterion.so)" | \
	    sed -n 's/.*NEEDED.*\[\(libgit2\.so[^]]*\)\].*/\1/p'); [ -z "$$name" ] || { \
	    $(CC) $(PLAIN_CFLAGS) -fPIC -shared -Wl,-soname,"$$name" -o "$(@D)/$$name" $< && \
	    { echo 'int main(void) { return 0; }' | $(CC) -x c -o $(@D)/tried - -x none \
	    -Wl,--no-as-needed "$(@D)/$$name" -lcriterion 2>/dev/null || rm "$(@D)/$$name"; }; }
	@rm -f $(@D)/tried
	@touch $@

TEST_LIBS = $$(find $(LIBGIT2) -name 'libgit2.so*') -Wl,-rpath,'$$ORIGIN/lib:$(abspath $(LIBGIT2))' \
    $(shell pkg-config --libs criterion jansson) -lm $(EXTRA_LDFLAGS)
$(BUILD)/tests/public: $(patsubst %.c,$(OBJ)/%.o,$(wildcard tests/public/*.c))
$(BUILD)/tests/%: $(SUPPORT_OBJ) $(LIBGIT2)/built
	@mkdir -p $(@D)
	$(SAY) LINK $@
	$(Q)$(CC) -o $@ $(filter %.o,$^) -Wl,--no-as-needed $(TEST_LIBS)

$(OBJ)/tests/public/%.o $(OBJ)/tests/hidden/%.o $(OBJ)/tests/support/%.o $(OBJ)/grader/proxy/%.o: CFLAGS_USED = $(PLAIN_CFLAGS)
$(OBJ)/grader/%.o $(OBJ)/$(STARTER)tensor.o: CFLAGS_USED = $(GRADER_CFLAGS)
# `make setup check` installs before anything is compiled, with -j too.
FIRST := $(filter setup,$(MAKECMDGOALS))
$(OBJ): | $(FIRST)
	@command -v $(CC) >/dev/null && pkg-config --exists $(PACKAGES) criterion 2>/dev/null || \
	    { echo "something that is needed is not installed; run 'make setup'"; exit 1; }
	@mkdir -p $@
	@echo 'The checker is compiled now, once: it takes about half a minute.'
$(OBJ)/%.o: %.c | $(OBJ)
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(CC) $(CFLAGS_USED) $(DEPS) -c -o $@ $<
$(OBJ)/plain/%.o: %.c | $(OBJ)
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(CC) $(PLAIN_CFLAGS) $(DEPS) -c -o $@ $<
# The worker's tensors are created with the student's allocations: both can be made to fail.
$(OBJ)/worker/tensor.o: $(STARTER)tensor.c | $(OBJ)
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(CC) $(PLAIN_CFLAGS) -Dmalloc=__wrap_malloc -Dcalloc=__wrap_calloc \
	    -Dfree=__wrap_free $(DEPS) -c -o $@ $<

# What was compiled from headers that have changed is compiled again.
.SECONDARY:
-include $(shell find $(OBJ) -name '*.d' 2>/dev/null)

# ---- what there is to type -----------------------------------------------------------------------

##@ for students

setup: ## install what is missing on Debian or Ubuntu, with sudo
	@grader/setup.sh

CHECKED := $(PROGRAMS) $(BUILD)/tests/public
ONLY = $(if $(TEST),--test='$(TEST)') $(if $(SEED),--seed='$(SEED)')
check: $(CHECKED) ## points and hints, by the public tests; ITEM=masking: one item
	@$(GRADER) check --report=$(BUILD)/report $(if $(ITEM),--item='$(ITEM)') $(ONLY) '$(SUBMISSION)'

watch: $(CHECKED) ## check again whenever attention.c is saved
	@command -v entr >/dev/null || { echo "watch: entr is not installed; run 'make setup'"; exit 1; }
	@echo '$(SUBMISSION)/attention.c' | entr -c $(MAKE) --no-print-directory check

debug: $(CHECKED) ## TEST=masking/causal: gdb with the calls of that test
	@$(GRADER) debug $(ONLY) '$(SUBMISSION)'

memcheck: $(CHECKED) ## TEST=masking/causal: Valgrind with the calls of that test
	@$(GRADER) memcheck $(ONLY) '$(SUBMISSION)'

picture: $(CHECKED) ## the weights that the code computes; also build/picture.svg
	@$(GRADER) picture --output=$(BUILD)/picture.svg $(ONLY) '$(SUBMISSION)'

include $(STARTER)use/use.mk

man: $(GRADER) ## the manual of the program behind this, build/grader
	@command -v man >/dev/null || { echo "man: it is not installed; try $(GRADER) --help"; exit 1; }
	@$(GRADER) man | man -l -

clean: ## remove everything that was built
	rm -rf $(BUILD)

# Each rule with a `##` comment, under the heading (`##@`) before it: the students' rules first.
help: ## this list
	@awk -F ':.*## ' '/^##@ / { printf "%s%s\n", heads++ ? "\n" : "", substr($$0, 5) } \
	    /^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' \
	    $(filter %.mk,$(filter-out %/train.mk,$(MAKEFILE_LIST))) \
	    $(firstword $(MAKEFILE_LIST)) $(filter %/train.mk,$(MAKEFILE_LIST))

.PHONY: setup check watch debug memcheck picture man clean help
