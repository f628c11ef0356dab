/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-command.h"
#include "channels-ctl-error.h"

#include <glib/gi18n.h>

#define SECONDS_MAX 300

static gboolean
mint (ChannelsCtlContext *context,
      char **groups,
      const char *origin,
      guint seconds,
      gboolean json,
      GError **error)
{
  g_autoptr (GVariant) reply = channels_ctl_context_call (
      context, "MintTicket", g_variant_new ("(^assu)", groups, origin, seconds), "(ss)", error);
  const char *ticket;
  const char *url;
  g_autofree char *line = NULL;

  if (reply == NULL)
    return FALSE;

  g_variant_get (reply, "(&s&s)", &ticket, &url);

  if (json)
    {
      GVariantBuilder answer = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

      g_variant_builder_add (&answer, "{sv}", "ticket", g_variant_new_string (ticket));
      g_variant_builder_add (&answer, "{sv}", "url", g_variant_new_string (url));
      return channels_ctl_context_print_json (context, g_variant_builder_end (&answer), error);
    }

  line = g_strconcat (url, "\n", NULL);
  return channels_ctl_context_print (context, line, error);
}

static gboolean
run (ChannelsCtlContext *context, char **argv, GError **error)
{
  gboolean json = FALSE;
  int seconds = 0;
  g_autofree char *origin = NULL;
  const GOptionEntry options[] = {
    { "origin", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_FILENAME, &origin,
      N_ ("The web origin that it lets in, such as https://example.org"), N_ ("ORIGIN") },
    { "seconds", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_INT, &seconds,
      N_ ("How long it lives: 1 to 300 seconds, or 0 for the service's choice"), N_ ("N") },
    { "json", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &json, N_ ("Print JSON"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_auto (GStrv) groups = NULL;

  if (!channels_ctl_command_parse (&channels_ctl_ticket, argv, options, &groups, error))
    return FALSE;

  if (origin == NULL)
    {
      g_set_error (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_USAGE,
                   _ ("“%s” needs more arguments: %s"), channels_ctl_ticket.name,
                   _ (channels_ctl_ticket.arguments));
      return FALSE;
    }

  if (seconds < 0 || seconds > SECONDS_MAX)
    {
      g_set_error (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_USAGE,
                   _ ("%s takes a number from %d to %d, not %d"), "--seconds", 0, SECONDS_MAX,
                   seconds);
      return FALSE;
    }

  return mint (context, groups, origin, seconds, json, error);
}

const ChannelsCtlCommand channels_ctl_ticket = {
  .name = "ticket",
  .arguments = N_ ("--origin ORIGIN GROUP…"),
  .summary = N_ ("Make a ticket that lets a page of another origin in, once"),
  .n_arguments_min = 1,
  .n_arguments_max = G_MAXUINT,
  .completes = CHANNELS_CTL_COMPLETES_GROUP,
  .run = run,
};
