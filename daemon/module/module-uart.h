/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "core/at/at-engine.h"
#include "module/module-context.h"

/* The UART of a module that is on no bus: whether its node is there, and whether the module has restarted. */
typedef struct Uart Uart;

/* Borrows context. The new UART has no node. */
Uart *uart_new(const ModuleContext *context);
/* Takes NULL. */
void uart_free(Uart *uart);

/* The node that the configuration names; NULL: none any more. */
void uart_set_node(Uart *uart, const char *node);
/* The node, NULL none. Belongs to the UART. */
const char *uart_node(const Uart *uart);
/* Id of the module that the tty belongs to instead, NULL none: a module on USB, or a UART that the configuration names
 * twice. Belongs to the UART. */
const char *uart_owner(const Uart *uart);

/* Looks for the node. owner: as uart_owner() returns it from then on. Returns true if there is a tty that belongs to no
 * other module. */
bool uart_look(Uart *uart, const char *owner);
/* Returns true if the node does not exist at this moment. */
bool uart_is_missing(const Uart *uart);

/* Observations about the line, for the question whether the module has restarted. */
void uart_opened(Uart *uart);
void uart_asked(Uart *uart); /* a command was written */
void uart_bytes(Uart *uart); /* bytes came, whatever they mean */
/* Returns true if the event comes from a module that has restarted since the event before. */
bool uart_heard(Uart *uart, const AtEvent *event);
