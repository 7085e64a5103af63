/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A UART that the configuration names. No bus reports that a module at it comes, goes or restarts, so its node is
 * looked for, and core/uart-life weighs the words and the silence of the module. Knows neither the meaning of bytes nor
 * which UARTs there are. */

#include <sys/stat.h>

#include "core/at/uart-life.h"
#include "base/log.h"
#include "module/module-uart.h"

#define RESTART_TIME     G_USEC_PER_SEC /* at least */
#define RESTARTS_AT_ONCE 10             /* the messages of so many may come late */

struct Uart {
        const ModuleContext *context;

        char *node;  /* NULL none */
        char *owner; /* Id of the module that the tty belongs to instead, NULL none */
        UartLife life;
        uint64_t restarts_until; /* µs of context_now(), until when RESTART_TIME is used up */
};

Uart *uart_new(const ModuleContext *context)
{
        Uart *u = g_new0(Uart, 1);

        u->context = context;
        return u;
}

void uart_free(Uart *u)
{
        if (!u)
                return;
        g_free(u->node);
        g_free(u->owner);
        g_free(u);
}

void uart_set_node(Uart *u, const char *node)
{
        g_free(u->node);
        u->node = g_strdup(node);
        g_clear_pointer(&u->owner, g_free);
}

const char *uart_node(const Uart *u)
{
        return u->node;
}

const char *uart_owner(const Uart *u)
{
        return u->owner;
}

bool uart_look(Uart *u, const char *owner)
{
        struct stat st;

        if (g_strcmp0(u->owner, owner) != 0) {
                g_free(u->owner);
                u->owner = g_strdup(owner);
                if (owner)
                        log_context(LOG_WARNING, u->context,
                                    "%s is a port of %s, and is used as such: take it out of [serial] ports", u->node,
                                    owner);
        }
        return u->node && !owner && stat(u->node, &st) == 0 && S_ISCHR(st.st_mode);
}

bool uart_is_missing(const Uart *u)
{
        struct stat st;

        return stat(u->node, &st) < 0;
}

void uart_opened(Uart *u)
{
        uart_life_begin(&u->life, u->context->job && u->context->job->sent);
}

void uart_asked(Uart *u)
{
        uart_life_asked(&u->life);
}

void uart_bytes(Uart *u)
{
        uart_life_bytes(&u->life);
}

/* A restart takes seconds: a module that reports one after the other prints nonsense, and each would cost as much as a
 * module that leaves the bus. */
static bool is_possible(Uart *u)
{
        u->restarts_until = MAX(u->restarts_until, context_now(u->context));
        if (u->restarts_until > context_now(u->context) + RESTARTS_AT_ONCE * RESTART_TIME)
                return false;
        u->restarts_until += RESTART_TIME;
        return true;
}

bool uart_heard(Uart *u, const AtEvent *event)
{
        if (event->type == AT_EVENT_URC)
                return uart_life_line(&u->life, event->text, context_now(u->context)) && is_possible(u);
        if (event->type == AT_EVENT_READY || (event->type == AT_EVENT_ANSWER && event->result != AT_RESULT_TIMEOUT))
                return uart_life_answered(&u->life, context_now(u->context)) && u->context->job &&
                       u->context->job->sent;
        return false;
}
