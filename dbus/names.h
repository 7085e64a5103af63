/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Names that the daemon and its clients share, above all those of the D-Bus interface, which the XML files beside this
 * file define. Add names here, never change one. */

#define FOTAD_BUS_NAME          "org.fotad1"
#define FOTAD_PATH              "/org/fotad1"
#define FOTAD_MODULE_PREFIX     "/org/fotad1/module"
#define FOTAD_JOB_PREFIX        "/org/fotad1/job"
#define FOTAD_MANAGER_INTERFACE "org.fotad1.Manager"
#define FOTAD_MODULE_INTERFACE  "org.fotad1.Module"
#define FOTAD_JOB_INTERFACE     "org.fotad1.Job"

/* Errors; the manual page org.fotad1(5) has the meanings from here. */
#define FOTAD_ERROR_PREFIX           "org.fotad1.Error."
/* No module has that name */
#define FOTAD_ERROR_NO_SUCH_MODULE   FOTAD_ERROR_PREFIX "NoSuchModule"
/* Several modules are there, or have that name, and the call needs one */
#define FOTAD_ERROR_AMBIGUOUS_MODULE FOTAD_ERROR_PREFIX "AmbiguousModule"
/* The module is absent, has no AT port, or does not answer */
#define FOTAD_ERROR_MODULE_NOT_READY FOTAD_ERROR_PREFIX "ModuleNotReady"
/* The URL or the package is not one that such an upgrade takes */
#define FOTAD_ERROR_INVALID_SOURCE   FOTAD_ERROR_PREFIX "InvalidSource"
/* An option is unknown, or its value is not allowed */
#define FOTAD_ERROR_INVALID_OPTION   FOTAD_ERROR_PREFIX "InvalidOption"
/* The module, or this version of fotad, does not do that */
#define FOTAD_ERROR_UNSUPPORTED      FOTAD_ERROR_PREFIX "Unsupported"
/* A job holds the module, or another call of that kind is under way */
#define FOTAD_ERROR_BUSY             FOTAD_ERROR_PREFIX "Busy"
/* The job cannot be cancelled any more, or has ended */
#define FOTAD_ERROR_NOT_CANCELLABLE  FOTAD_ERROR_PREFIX "NotCancellable"
/* The job can be cancelled instead, or has ended */
#define FOTAD_ERROR_NOT_DISMISSABLE  FOTAD_ERROR_PREFIX "NotDismissable"
/* Only a stalled job takes another source */
#define FOTAD_ERROR_NOT_STALLED      FOTAD_ERROR_PREFIX "NotStalled"
/* No job has that path */
#define FOTAD_ERROR_NO_SUCH_JOB      FOTAD_ERROR_PREFIX "NoSuchJob"

/* Read by the daemon, and by fotactl report. */
#define FOTAD_CONFIG_FILE "/etc/fotad/fotad.conf"
