# train.mk: train the model of starter/use/story.c, and write its weights and stories. It takes some
# minutes of one core. The Makefile that includes it sets BUILD and includes starter/use/use.mk.

TRAIN := $(BUILD)/train
TRAIN_SOURCES := solution/train/model.c solution/train/grammar.c
# Speed matters here, and the order of additions does not. Nothing of this is shipped.
$(TRAIN)/train: solution/train/train.c $(TRAIN_SOURCES) $(wildcard solution/train/*.h)
	@mkdir -p $(@D)
	$(CC) -std=c17 -O3 -march=native -ffast-math -Wall -Wextra -Wpedantic -Isolution/train -o $@ $(filter %.c,$^) -lm

$(TRAIN)/ours: solution/train/ours.c $(addprefix starter/use/,telling.c transformer.c use.c) solution/attention.c starter/tensor.c
	@mkdir -p $(@D)
	$(CC) -std=c17 -O2 -Wall -Wextra -Wpedantic -Istarter -Istarter/use -o $@ $^ -lm

train: $(TRAIN)/train $(TRAIN)/ours ## train the model that writes stories again; takes minutes
	nice $(TRAIN)/train $(TRAIN)/story.weights
	$(TRAIN)/ours $(TRAIN)/story.weights 30 >$(TRAIN)/stories.md
	mv $(TRAIN)/story.weights $(TRAIN)/stories.md starter/use/

.PHONY: train
