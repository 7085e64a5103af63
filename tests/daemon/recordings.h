/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "core/record/recording.h"

/* The text of the file whose descriptor the reply has. Fails if the file could still be changed, or is longer than 256
 * kB. The caller frees the text. */
char *recordings_read(sd_bus_message *reply);

/* Fails if the text is none of that format. */
Recording *recordings_parse(const char *text);

/* The number of events with that word whose text begins so. */
unsigned recordings_count(const Recording *recording, RecordingWord word, const char *beginning);
