# use.mk: build and run the programs of this folder, on any attention.c.
#
# Whoever includes it may set before:
#   STARTER        the folder of attention.h and tensor.c, with a slash at its end (or nothing)
#   BUILD          where to build
#   USE_ATTENTION  the attention.c to link to; that of the student if it is not set
#   USE_BUILD      where the programs go; one folder for each USE_ATTENTION

BUILD ?= build
SUBMISSION ?= $(or $(STARTER),.)
USE := $(STARTER)use/
USE_ATTENTION ?= $(SUBMISSION:%/=%)/attention.c
USE_BUILD ?= $(BUILD)/use
USE_PROGRAMS := $(addprefix $(USE_BUILD)/,reverse recall story)
# The student's file may have warnings; `make check` is what shows them.
USE_CFLAGS = -std=gnu17 -O2 -g -I$(or $(STARTER),.) -I$(USE) -DUSE_FOLDER='"$(abspath $(USE))/"' $(EXTRA_CFLAGS)
USE_WARN = -Wall -Wextra -Wpedantic

$(USE_BUILD):
	@mkdir -p $@

# Always: USE_ATTENTION may be another file than the last time.
USE_FORCE:
$(USE_BUILD)/attention.o: $(USE_ATTENTION) USE_FORCE | $(USE_BUILD)
	@$(CC) $(USE_CFLAGS) -w -c -o $@ $<
$(USE_BUILD)/tensor.o: $(STARTER)tensor.c $(STARTER)tensor.h | $(USE_BUILD)
	@$(CC) $(USE_CFLAGS) $(USE_WARN) -c -o $@ $<
$(USE_BUILD)/%.o: $(USE)%.c $(wildcard $(USE)*.h) $(STARTER)attention.h $(STARTER)tensor.h | $(USE_BUILD)
	@$(CC) $(USE_CFLAGS) $(USE_WARN) -c -o $@ $<
$(USE_BUILD)/story: $(USE_BUILD)/telling.o $(USE_BUILD)/transformer.o
$(USE_PROGRAMS): $(USE_BUILD)/%: $(USE_BUILD)/%.o $(USE_BUILD)/use.o $(USE_BUILD)/attention.o $(USE_BUILD)/tensor.o
	@$(CC) -o $@ $^ -lm $(EXTRA_LDFLAGS)

# A status of 1 says that the attention.c is not right yet, and 3 that something is missing in it, so
# that the others need not be tried: neither is a mistake of make's.
RUN_ALL = run() { "$$@"; status=$$?; [ $$status -ne 3 ] || exit 0; [ $$status -le 1 ]; }
write: $(USE_PROGRAMS) ## what your attention can do: reverse, recall, tell a story
	@$(RUN_ALL); run $(USE_BUILD)/reverse $(if $(WORD),'$(WORD)') && echo && \
	    run $(USE_BUILD)/recall $(if $(BEGIN),'$(BEGIN)') && echo && \
	    run $(USE_BUILD)/story $(if $(STORY),'$(STORY)')

reverse: $(USE_BUILD)/reverse ## WORD=...: through attention alone, with its picture
	@$(RUN_ALL); run $< $(if $(WORD),'$(WORD)')
recall: $(USE_BUILD)/recall ## BEGIN="The moon ": a library that writes
	@$(RUN_ALL); run $< $(if $(BEGIN),'$(BEGIN)')
story: $(USE_BUILD)/story ## STORY=5: a small transformer that writes
	@$(RUN_ALL); run $< $(if $(STORY),'$(STORY)')

.PHONY: write reverse recall story USE_FORCE
