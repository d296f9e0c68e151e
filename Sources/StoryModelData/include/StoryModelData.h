/// The files of the story model, embedded into the executable.
#ifndef STORY_MODEL_DATA_H
#define STORY_MODEL_DATA_H

#include <stddef.h>

typedef struct {
    const void *start;
    size_t count;
} story_model_file;

/// config.json
story_model_file story_model_configuration(void);
/// tokenizer.json
story_model_file story_model_tokenizer(void);
/// model.safetensors; starts at an address that is a multiple of 64
story_model_file story_model_weights(void);

#endif
