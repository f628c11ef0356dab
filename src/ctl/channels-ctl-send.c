/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-command.h"
#include "channels-ctl-error.h"

#include "channels-event.h"
#include "channels-limits.h"

#include <glib/gi18n.h>

#define STANDARD_INPUT "-"

static char *
get_text (ChannelsCtlContext *context, const char *argument, gsize *out_length, GError **error)
{
  if (g_str_equal (argument, STANDARD_INPUT))
    return channels_ctl_context_read (context, out_length, error);

  *out_length = strlen (argument);
  return g_strdup (argument);
}

static gboolean
send_message (ChannelsCtlContext *context,
              char **arguments,
              guint *out_receivers,
              guint *out_remotes,
              GError **error)
{
  gsize length;
  g_autofree char *message = get_text (context, arguments[1], &length, error);
  g_autoptr (GVariant) reply = NULL;

  if (message == NULL)
    return FALSE;

  /* The line feed that ends the last line of a file is not part of what it says. */
  if (g_str_equal (arguments[1], STANDARD_INPUT) && length > 0 && message[length - 1] == '\n')
    message[length - 1] = '\0';

  reply = channels_ctl_context_call (context, "SendToGroup",
                                     g_variant_new ("(ss)", arguments[0], message), "(uu)", error);
  if (reply == NULL)
    return FALSE;

  g_variant_get (reply, "(uu)", out_receivers, out_remotes);
  return TRUE;
}

static gboolean
send_event (ChannelsCtlContext *context,
            char **arguments,
            guint *out_receivers,
            guint *out_remotes,
            GError **error)
{
  guint max_depth = channels_limit_get_info (CHANNELS_LIMIT_NESTING)->value;
  gsize length;
  g_autofree char *json = get_text (context, arguments[1], &length, error);
  g_autoptr (ChannelsEvent) event = NULL;
  g_autoptr (GError) event_error = NULL;
  g_autoptr (GVariant) reply = NULL;

  if (json == NULL)
    return FALSE;

  event = channels_event_new_from_json (json, length, max_depth, &event_error);
  if (event == NULL)
    {
      g_set_error (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_FAILED,
                   _ ("that is not an event in JSON: %s"), event_error->message);
      return FALSE;
    }

  reply = channels_ctl_context_call (
      context, "SendEventToGroup",
      g_variant_new ("(s@a{sv})", arguments[0], channels_event_get_variant (event)), "(uu)", error);
  if (reply == NULL)
    return FALSE;

  g_variant_get (reply, "(uu)", out_receivers, out_remotes);
  return TRUE;
}

static gboolean
print_counts (ChannelsCtlContext *context, guint receivers, guint remotes, GError **error)
{
  g_autofree char *local = NULL;
  g_autofree char *remote = NULL;
  g_autofree char *line = NULL;

  /* Translators: members of the group on this computer. */
  local = g_strdup_printf (ngettext ("%u receiver", "%u receivers", receivers), receivers);
  /* Translators: other nodes to which the message was handed. */
  remote = g_strdup_printf (ngettext ("%u remote", "%u remotes", remotes), remotes);
  /* Translators: the numbers of receivers and of remotes. */
  line = g_strdup_printf (_ ("Message sent successfully (%s, %s)\n"), local, remote);

  return channels_ctl_context_print (context, line, error);
}

static gboolean
run (ChannelsCtlContext *context, char **argv, GError **error)
{
  gboolean json = FALSE;
  const GOptionEntry options[] = {
    { "json", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &json,
      N_ ("The message is a whole event: a JSON object with a “type”"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_auto (GStrv) arguments = NULL;
  guint receivers = 0;
  guint remotes = 0;

  if (!channels_ctl_command_parse (&channels_ctl_send, argv, options, &arguments, error))
    return FALSE;

  if (json)
    {
      if (!send_event (context, arguments, &receivers, &remotes, error))
        return FALSE;
    }
  else if (!send_message (context, arguments, &receivers, &remotes, error))
    return FALSE;

  return print_counts (context, receivers, remotes, error);
}

const ChannelsCtlCommand channels_ctl_send = {
  .name = "send",
  .arguments = N_ ("GROUP MESSAGE"),
  .summary = N_ ("Send a message to a group; “-” reads it from standard input"),
  .n_arguments_min = 2,
  .n_arguments_max = 2,
  .completes = CHANNELS_CTL_COMPLETES_GROUP,
  .run = run,
};
