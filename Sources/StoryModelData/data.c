#include "StoryModelData.h"

#if defined(__clang__)
#pragma clang diagnostic ignored "-Wc23-extensions"  // #embed; clang accepts it in every mode since version 19
#endif

static const unsigned char configuration[] = {
#embed "config.json"
};

static const unsigned char tokenizer[] = {
#embed "tokenizer.json"
};

_Alignas(64) static const unsigned char weights[] = {
#embed "model.safetensors"
};

story_model_file story_model_configuration(void) { return (story_model_file){configuration, sizeof configuration}; }
story_model_file story_model_tokenizer(void) { return (story_model_file){tokenizer, sizeof tokenizer}; }
story_model_file story_model_weights(void) { return (story_model_file){weights, sizeof weights}; }
