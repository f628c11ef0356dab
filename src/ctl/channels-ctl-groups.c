/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-command.h"
#include "channels-ctl-table.h"

#include <glib/gi18n.h>

static gboolean
print_json (ChannelsCtlContext *context, GVariant *groups, GError **error)
{
  GVariantBuilder list = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  GVariantIter iter;
  const char *group;
  guint members;

  g_variant_iter_init (&iter, groups);
  while (g_variant_iter_next (&iter, "(&su)", &group, &members))
    {
      g_variant_builder_open (&list, G_VARIANT_TYPE_VARDICT);
      g_variant_builder_add (&list, "{sv}", "group", g_variant_new_string (group));
      g_variant_builder_add (&list, "{sv}", "members", g_variant_new_uint32 (members));
      g_variant_builder_close (&list);
    }

  return channels_ctl_context_print_json (context, g_variant_builder_end (&list), error);
}

static gboolean
print_table (ChannelsCtlContext *context, GVariant *groups, GError **error)
{
  static const ChannelsCtlAlign columns[] = { CHANNELS_CTL_ALIGN_LEFT, CHANNELS_CTL_ALIGN_RIGHT };
  const char *titles[] = { _ ("Group"), _ ("Members") };
  g_autoptr (ChannelsCtlTable) table = channels_ctl_table_new (columns, G_N_ELEMENTS (columns));
  g_autofree char *text = NULL;
  GVariantIter iter;
  const char *group;
  guint members;

  channels_ctl_table_add_row (table, titles);
  g_variant_iter_init (&iter, groups);
  while (g_variant_iter_next (&iter, "(&su)", &group, &members))
    {
      g_autofree char *count = g_strdup_printf ("%u", members);
      const char *cells[] = { group, count };

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
  g_autoptr (GVariant) groups = NULL;

  if (!channels_ctl_command_parse_json (&channels_ctl_groups, argv, &json, &arguments, error))
    return FALSE;

  answer = channels_ctl_context_call (context, "ListGroups", NULL, "(a(su))", error);
  if (answer == NULL)
    return FALSE;

  groups = g_variant_get_child_value (answer, 0);
  return json ? print_json (context, groups, error) : print_table (context, groups, error);
}

const ChannelsCtlCommand channels_ctl_groups = {
  .name = "groups",
  .summary = N_ ("List the groups that have members"),
  .run = run,
};
