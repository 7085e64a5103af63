/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Events from outside in the order in which they came, for a module that stands still while a record is written. Knows
 * nothing of their effects. */

#include <string.h>

#include "base/clock.h"
#include "module/module-input.h"

#define INPUTS_MAX 256 /* beyond that, events without an effect any more are dropped */

struct Inputs {
        GQueue queue; /* Input */
};

Inputs *inputs_new(void)
{
        Inputs *inputs = g_new0(Inputs, 1);

        g_queue_init(&inputs->queue);
        return inputs;
}

static void free_texts(const char *const *texts, size_t n)
{
        for (size_t i = 0; i < n; i++)
                g_free((char *)texts[i]);
}

void input_free(Input *input)
{
        const char *const texts[] = { input->device.path, input->device.syspath, input->device.uid,
                                      input->tty.path,    input->tty.node,       input->tty.syspath,
                                      input->tty.interface_name };

        free_texts(texts, G_N_ELEMENTS(texts));
        g_free(input->text);
        if (input->identity)
                identity_free(input->identity);
        g_free(input);
}

void inputs_free(Inputs *inputs)
{
        g_queue_clear_full(&inputs->queue, (GDestroyNotify)input_free);
        g_free(inputs);
}

static bool is_of_device(InputType type)
{
        return type == INPUT_DEVICE_ADDED || type == INPUT_DEVICE_REMOVED || type == INPUT_TTY_ADDED ||
               type == INPUT_TTY_REMOVED;
}

/* The node of an event of a tty, NULL of all others. */
static const char *node_of(const Input *input)
{
        switch (input->type) {
        case INPUT_TTY_ADDED: return input->tty.node;
        case INPUT_TTY_REMOVED: return input->text;
        case INPUT_DEVICE_ADDED:
        case INPUT_DEVICE_REMOVED:
        case INPUT_SETTLED:
        case INPUT_UART:
        case INPUT_GATE:
        case INPUT_IDENTITY: return NULL;
        }
        return NULL;
}

/* Returns true if the new event leaves the old one without effect. */
static bool replaces(const Input *new, const Input *old)
{
        if (new->type == INPUT_DEVICE_REMOVED)
                return is_of_device(old->type);
        /* A tty that has come and gone: its removal is of the tty that was there before. */
        if (new->type == INPUT_TTY_REMOVED)
                return g_strcmp0(node_of(new), node_of(old)) == 0;
        return new->type == old->type && g_strcmp0(node_of(new), node_of(old)) == 0;
}

static void drop_replaced(Inputs *inputs, const Input *input)
{
        for (GList *i = inputs->queue.head, *next; i; i = next) {
                next = i->next;
                if (!replaces(input, i->data))
                        continue;
                input_free(i->data);
                g_queue_delete_link(&inputs->queue, i);
        }
}

/* Each restart of the device counts, unless there are very many. */
static void push(Inputs *inputs, const Input *input)
{
        Input *copy = g_memdup2(input, sizeof(*input));

        copy->at = clock_now();
        if (!is_of_device(input->type) || g_queue_get_length(&inputs->queue) >= INPUTS_MAX)
                drop_replaced(inputs, input);
        g_queue_push_tail(&inputs->queue, copy);
}

void inputs_add_device(Inputs *inputs, const UsbDevice *device)
{
        Input input = { .type = INPUT_DEVICE_ADDED, .device = *device };

        input.device.path = g_strdup(device->path);
        input.device.syspath = g_strdup(device->syspath);
        input.device.uid = g_strdup(device->uid);
        push(inputs, &input);
}

void inputs_add_tty(Inputs *inputs, const UsbTty *tty)
{
        Input input = { .type = INPUT_TTY_ADDED, .tty = *tty };

        input.tty.path = g_strdup(tty->path);
        input.tty.node = g_strdup(tty->node);
        input.tty.syspath = g_strdup(tty->syspath);
        input.tty.interface_name = g_strdup(tty->interface_name);
        push(inputs, &input);
}

void inputs_add(Inputs *inputs, InputType type, const char *text, ModuleGate gate)
{
        push(inputs, &(Input){ .type = type, .text = g_strdup(text), .gate = gate });
}

void inputs_add_removal(Inputs *inputs)
{
        inputs_add(inputs, INPUT_DEVICE_REMOVED, NULL, 0);
}

void inputs_add_tty_removal(Inputs *inputs, const char *node)
{
        inputs_add(inputs, INPUT_TTY_REMOVED, node, 0);
}

void inputs_add_identity(Inputs *inputs, Identity *identity)
{
        push(inputs, &(Input){ .type = INPUT_IDENTITY, .identity = identity });
}

bool inputs_are_there(const Inputs *inputs)
{
        return !g_queue_is_empty((GQueue *)&inputs->queue);
}

Input *inputs_pop(Inputs *inputs)
{
        return g_queue_pop_head(&inputs->queue);
}
