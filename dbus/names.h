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

#define FOTAD_ERROR_PREFIX           "org.fotad1.Error."
#define FOTAD_ERROR_NO_SUCH_MODULE   FOTAD_ERROR_PREFIX "NoSuchModule"
#define FOTAD_ERROR_AMBIGUOUS_MODULE FOTAD_ERROR_PREFIX "AmbiguousModule"
#define FOTAD_ERROR_MODULE_NOT_READY FOTAD_ERROR_PREFIX "ModuleNotReady"
#define FOTAD_ERROR_INVALID_SOURCE   FOTAD_ERROR_PREFIX "InvalidSource"
#define FOTAD_ERROR_INVALID_OPTION   FOTAD_ERROR_PREFIX "InvalidOption"
#define FOTAD_ERROR_UNSUPPORTED      FOTAD_ERROR_PREFIX "Unsupported"
#define FOTAD_ERROR_BUSY             FOTAD_ERROR_PREFIX "Busy"
#define FOTAD_ERROR_NOT_CANCELLABLE  FOTAD_ERROR_PREFIX "NotCancellable"
#define FOTAD_ERROR_NOT_DISMISSABLE  FOTAD_ERROR_PREFIX "NotDismissable"
#define FOTAD_ERROR_NOT_STALLED      FOTAD_ERROR_PREFIX "NotStalled"
#define FOTAD_ERROR_NO_SUCH_JOB      FOTAD_ERROR_PREFIX "NoSuchJob"

/* Read by the daemon, and by fotactl report. */
#define FOTAD_CONFIG_FILE "/etc/fotad/fotad.conf"
