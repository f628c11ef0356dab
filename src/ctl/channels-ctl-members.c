/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-command.h"
#include "channels-ctl-table.h"

#include <glib/gi18n.h>

static gboolean
print_json (ChannelsCtlContext *context, GVariant *members, GError **error)
{
  GVariantBuilder list = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  GVariantIter iter;
  const char *channel;
  const char *kind;
  gint64 joined;

  g_variant_iter_init (&iter, members);
  while (g_variant_iter_next (&iter, "(&s&sx)", &channel, &kind, &joined))
    {
      g_variant_builder_open (&list, G_VARIANT_TYPE_VARDICT);
      g_variant_builder_add (&list, "{sv}", "channel", g_variant_new_string (channel));
      g_variant_builder_add (&list, "{sv}", "kind", g_variant_new_string (kind));
      g_variant_builder_add (&list, "{sv}", "joined", g_variant_new_int64 (joined));
      g_variant_builder_close (&list);
    }

  return channels_ctl_context_print_json (context, g_variant_builder_end (&list), error);
}

/* @joined: µs since the epoch, from outside: it may be any number */
static char *
format_joined (gint64 joined)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (joined / G_USEC_PER_SEC);

  return time != NULL ? g_date_time_format (time, "%F %T") : g_strdup ("?");
}

static gboolean
print_table (ChannelsCtlContext *context, GVariant *members, GError **error)
{
  static const ChannelsCtlAlign columns[] = { CHANNELS_CTL_ALIGN_LEFT, CHANNELS_CTL_ALIGN_LEFT,
                                              CHANNELS_CTL_ALIGN_LEFT };
  const char *titles[] = { _ ("Channel"), _ ("Kind"), _ ("Joined") };
  g_autoptr (ChannelsCtlTable) table = channels_ctl_table_new (columns, G_N_ELEMENTS (columns));
  g_autofree char *text = NULL;
  GVariantIter iter;
  const char *channel;
  const char *kind;
  gint64 joined;

  channels_ctl_table_add_row (table, titles);
  g_variant_iter_init (&iter, members);
  while (g_variant_iter_next (&iter, "(&s&sx)", &channel, &kind, &joined))
    {
      g_autofree char *time = format_joined (joined);
      const char *cells[] = { channel, kind, time };

      channels_ctl_table_add_row (table, cells);
    }

  text = channels_ctl_table_to_text (table);
  return channels_ctl_context_print (context, text, error);
}

static gboolean
run (ChannelsCtlContext *context, char **argv, GError **error)
{
  gboolean json;
  g_auto (GStrv) arguments = NULL;
  g_autoptr (GVariant) answer = NULL;
  g_autoptr (GVariant) members = NULL;

  if (!channels_ctl_command_parse_json (&channels_ctl_members, argv, &json, &arguments, error))
    return FALSE;

  answer = channels_ctl_context_call (context, "ListMembers", g_variant_new ("(s)", arguments[0]),
                                      "(a(ssx))", error);
  if (answer == NULL)
    return FALSE;

  members = g_variant_get_child_value (answer, 0);
  return json ? print_json (context, members, error) : print_table (context, members, error);
}

const ChannelsCtlCommand channels_ctl_members = {
  .name = "members",
  .arguments = N_ ("GROUP"),
  .summary = N_ ("List the members of a group"),
  .n_arguments_min = 1,
  .n_arguments_max = 1,
  .completes = CHANNELS_CTL_COMPLETES_GROUP,
  .run = run,
};
