/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-command.h"
#include "channels-ctl-table.h"

#include <glib/gi18n.h>

/* What is shown, in this order: the property, its key in JSON, its title. */
static const struct
{
  const char *property;
  const char *key;
  const char *title;
  const GVariantType *type;
} rows[] = {
  { "Version", "version", N_ ("Version:"), G_VARIANT_TYPE_STRING },
  { "Url", "url", N_ ("Page:"), G_VARIANT_TYPE_STRING },
  { "WebSocketUrl", "websocket_url", N_ ("WebSocket:"), G_VARIANT_TYPE_STRING },
  { "Layer", "layer", N_ ("Layer:"), G_VARIANT_TYPE_STRING },
  { "LayerState", "layer_state", N_ ("Layer state:"), G_VARIANT_TYPE_STRING },
  { "Connections", "connections", N_ ("Connections:"), G_VARIANT_TYPE_UINT32 },
};

static gboolean
print_json (ChannelsCtlContext *context, GVariant *properties, GError **error)
{
  GVariantBuilder status = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GVariant) value =
          g_variant_lookup_value (properties, rows[i].property, rows[i].type);

      if (value != NULL)
        g_variant_builder_add (&status, "{sv}", rows[i].key, value);
    }

  return channels_ctl_context_print_json (context, g_variant_builder_end (&status), error);
}

static char *
format_value (GVariant *value)
{
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_UINT32))
    return g_strdup_printf ("%u", g_variant_get_uint32 (value));

  return g_variant_dup_string (value, NULL);
}

static gboolean
print_table (ChannelsCtlContext *context, GVariant *properties, GError **error)
{
  static const ChannelsCtlAlign columns[] = { CHANNELS_CTL_ALIGN_LEFT, CHANNELS_CTL_ALIGN_LEFT };
  g_autoptr (ChannelsCtlTable) table = channels_ctl_table_new (columns, G_N_ELEMENTS (columns));
  g_autofree char *text = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GVariant) value =
          g_variant_lookup_value (properties, rows[i].property, rows[i].type);

      if (value != NULL)
        {
          g_autofree char *words = format_value (value);
          const char *cells[] = { _ (rows[i].title), words };

          channels_ctl_table_add_row (table, cells);
        }
    }

  text = channels_ctl_table_to_text (table);
  return channels_ctl_context_print (context, text, error);
}

static gboolean
run (ChannelsCtlContext *context, char **argv, GError **error)
{
  gboolean json;
  g_auto (GStrv) arguments = NULL;
  g_autoptr (GVariant) properties = NULL;

  if (!channels_ctl_command_parse_json (&channels_ctl_status, argv, &json, &arguments, error))
    return FALSE;

  properties = channels_ctl_context_get_properties (context, error);
  if (properties == NULL)
    return FALSE;

  return json ? print_json (context, properties, error) : print_table (context, properties, error);
}

const ChannelsCtlCommand channels_ctl_status = {
  .name = "status",
  .summary = N_ ("Show the service's version, addresses, layer and connections"),
  .run = run,
};
