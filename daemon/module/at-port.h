/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/at/at-engine.h"
#include "module/module-context.h"
#include "device/ports.h"
#include "device/serial.h"

/* The AT port of one module, with the AT dialogue over it. */
typedef struct AtPort AtPort;

typedef struct AtPortObserver {
        /* The port was opened. after_failure: the try before failed, or another process had the port. */
        void (*opened)(void *userdata, bool after_failure);
        /* The port is about to be closed, if it is open: nothing that was sent will be answered. */
        void (*closing)(void *userdata);
        /* The port was closed because it hung up or broke. */
        void (*lost)(void *userdata);
        /* Another process has the port. finding: half a sentence, as in "and /dev/ttyUSB2 is held by chat (pid 42)". */
        void (*busy)(void *userdata, const char *finding);
        /* The port could not be opened for another reason: at_port_error(). */
        void (*missing)(void *userdata);
        /* at_port_holder() has changed. */
        void (*holder_changed)(void *userdata);

        /* Bytes came, whatever they mean. */
        void (*bytes)(void *userdata);
        /* A command is being written. */
        void (*wrote)(void *userdata);
        /* Called with each event before it is logged. Returns false if the event is to be dropped. */
        bool (*heard)(void *userdata, const AtEvent *event);
        /* An event of the dialogue, but AT_EVENT_WRITE. */
        void (*event)(void *userdata, const AtEvent *event);
} AtPortObserver;

typedef enum AtPortWish {
        AT_PORT_UNWANTED,
        AT_PORT_WANTED,
        AT_PORT_AWAITED, /* by a job or a caller: it is tried again soon */
} AtPortWish;

/* The new port has no node. Borrows all of them; ports: the ttys of the module. */
AtPort *at_port_new(const ModuleContext *context, const Ports *ports, const AtPortObserver *observer, void *userdata);
/* Takes NULL. Closes the port without closing(). */
void at_port_free(AtPort *port);

/* ---- which tty, and when it is open */

/* Closes the port. The tty is that node from here on, NULL none. */
void at_port_set_node(AtPort *port, const char *node);
/* The node, NULL none. Belongs to the port. */
const char *at_port_node(const AtPort *port);
/* Sets the rate of a UART, in bit/s. If that is another one, closes the port and returns true. */
bool at_port_set_rate(AtPort *port, unsigned baud_rate);

/* Opens or closes the port by that wish. A port that could not be opened, or that another process has, is tried again
 * when at_port_open_at() is reached. Returns true if it was tried: that may have made work. */
bool at_port_update(AtPort *port, AtPortWish wish);
/* Forgets earlier tries to open the port and their results: the next at_port_update() tries at once. */
void at_port_try(AtPort *port);
/* The same. A new job holds the module, and has not had the port yet. */
void at_port_begin_job(AtPort *port);
void at_port_close(AtPort *port);

bool at_port_is_open(const AtPort *port);
/* The time at which the port was opened last, in µs of clock_now(). */
uint64_t at_port_opened_at(const AtPort *port);
/* Bytes came since the port was opened. */
bool at_port_was_heard(const AtPort *port);
/* The process that has the port instead, as serial_open() words it; NULL none. Belongs to the port. */
const char *at_port_holder(const AtPort *port);
/* errno with which the node could not be opened twice since it was open last, unless another process had it; 0 none. */
int at_port_error(const AtPort *port);
/* The open tty, NULL if the port is closed. Borrowed until closing(). */
Serial *at_port_serial(const AtPort *port);
/* Sets RTS/CTS, or none. Returns false if the port is open and keeps the flow control that it has. */
bool at_port_set_flow_control(AtPort *port, bool hardware);

/* Returns true while bytes that were sent have not left the host. */
bool at_port_is_sending(const AtPort *port);

/* Keeps what comes until at_port_release(). Not to be opened meanwhile. */
void at_port_hold(AtPort *port);
/* Goes on with the bytes that were kept. Returns false if the port was not held. */
bool at_port_release(AtPort *port);

/* ---- the dialogue */

/* Only reads from here on, also after the port was closed and opened again, until at_port_end_listening() or
 * at_port_start(). */
void at_port_listen(AtPort *port);
/* The next time that the port is opened, it is asked. An open port goes on as it does. */
void at_port_end_listening(AtPort *port);
bool at_port_is_listening(const AtPort *port);
/* Asks the module until it answers, if the port is open: AT_EVENT_READY follows. Pending commands are forgotten. */
void at_port_start(AtPort *port);
/* The same; answers that came already are dropped. */
void at_port_start_anew(AtPort *port);
/* AT_EVENT_READY was reported since the last start. */
bool at_port_is_ready(const AtPort *port);
/* The port is open, and commands may be sent. */
bool at_port_takes_commands(const AtPort *port);
/* The same, and a command would be sent at once, because no other is under way. */
bool at_port_is_idle(const AtPort *port);

/* Queues a command, if the port is open. The arguments are those of at_engine_command(); AT_EVENT_ANSWER follows. */
void at_port_command(AtPort *port, unsigned tag, const char *command, bool secret, uint64_t timeout);
/* at_engine_hush(), for the command that was queued last. */
void at_port_hush(AtPort *port);
/* at_engine_write_blind(), if the port is open. */
void at_port_send_blind(AtPort *port, const char *command);

/* Carries the next event of the dialogue out or reports it. Returns false if there is none. */
bool at_port_advance(AtPort *port);
/* The time at which at_port_advance() wants to be called, because no answer came in time, in µs of clock_now();
 * UINT64_MAX for never. */
uint64_t at_port_deadline(const AtPort *port);
/* The time at which at_port_update() wants to be called, to try to open the port again; the same. */
uint64_t at_port_open_at(const AtPort *port);
