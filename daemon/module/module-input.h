/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/quectel/identity.h"
#include "device/usb-watch.h"
#include "module/module-gate.h"

/* The events from outside that wait while a module stands still. */
typedef struct Inputs Inputs;

typedef enum InputType {
        INPUT_DEVICE_ADDED,
        INPUT_DEVICE_REMOVED,
        INPUT_TTY_ADDED,
        INPUT_TTY_REMOVED,
        INPUT_SETTLED,  /* the first enumeration is complete */
        INPUT_UART,     /* the node of the UART is to be looked for: text is the owner, NULL none */
        INPUT_GATE,     /* gate, and text is the reason, NULL none */
        INPUT_IDENTITY, /* identity */
} InputType;

typedef struct Input {
        InputType type;
        uint64_t at; /* when it came, µs of clock_now() */
        UsbDevice device;
        UsbTty tty;
        char *text; /* or the node of INPUT_TTY_REMOVED */
        ModuleGate gate;
        Identity *identity;
} Input;

void input_free(Input *input);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Input, input_free)

Inputs *inputs_new(void);
void inputs_free(Inputs *inputs);

/* These append an event. Their number is bounded: of events that are not of the device the last of each kind is kept,
 * and if there are very many, events of a device that has left since are dropped. */
void inputs_add_device(Inputs *inputs, const UsbDevice *device);
void inputs_add_removal(Inputs *inputs);
void inputs_add_tty(Inputs *inputs, const UsbTty *tty);
void inputs_add_tty_removal(Inputs *inputs, const char *node);
void inputs_add(Inputs *inputs, InputType type, const char *text, ModuleGate gate);
/* Takes the identity. */
void inputs_add_identity(Inputs *inputs, Identity *identity);

bool inputs_are_there(const Inputs *inputs);
/* The oldest event, which the caller frees; NULL if there is none. */
Input *inputs_pop(Inputs *inputs);
