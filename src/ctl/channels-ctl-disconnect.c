/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-command.h"
#include "channels-ctl-error.h"

#include <glib/gi18n.h>

/* RFC 6455, section 7.4: the codes there are. Which of them may be sent, the service decides. */
#define CODE_MIN 1000
#define CODE_MAX 4999

static gboolean
run (ChannelsCtlContext *context, char **argv, GError **error)
{
  int code = CODE_MIN;
  g_autofree char *reason = NULL;
  const GOptionEntry options[] = {
    { "code", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_INT, &code,
      N_ ("The WebSocket close code: 1000 (the default), 1001, 1008 or 4000 to 4999"), N_ ("N") },
    { "reason", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_FILENAME, &reason,
      N_ ("The reason that the browser is given"), N_ ("TEXT") },
    G_OPTION_ENTRY_NULL,
  };
  g_auto (GStrv) arguments = NULL;
  g_autoptr (GVariant) answer = NULL;

  if (!channels_ctl_command_parse (&channels_ctl_disconnect, argv, options, &arguments, error))
    return FALSE;

  if (code < CODE_MIN || code > CODE_MAX)
    {
      g_set_error (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_USAGE,
                   _ ("%s takes a number from %d to %d, not %d"), "--code", CODE_MIN, CODE_MAX,
                   code);
      return FALSE;
    }

  answer = channels_ctl_context_call (
      context, "Disconnect",
      g_variant_new ("(sus)", arguments[0], (guint32) code, reason != NULL ? reason : ""), "()",
      error);

  return answer != NULL;
}

const ChannelsCtlCommand channels_ctl_disconnect = {
  .name = "disconnect",
  .arguments = N_ ("CHANNEL"),
  .summary = N_ ("Close the WebSocket of a channel"),
  .n_arguments_min = 1,
  .n_arguments_max = 1,
  .run = run,
};
