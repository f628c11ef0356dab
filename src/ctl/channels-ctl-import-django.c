/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-command.h"
#include "channels-ctl-django-layer.h"
#include "channels-ctl-django-project.h"

#include <glib/gi18n.h>

#define STANDARD_INPUT "-"
#define DEFAULT_PYTHON "python3"
#define DEFAULT_LAYER "default"

/* What CHANNEL_LAYERS is, somewhere in a text, and where that came from. */
static char *
get_text (ChannelsCtlContext *context,
          const char *project,
          const char *python,
          char **out_origin,
          GError **error)
{
  g_autofree char *folder = NULL;
  char *text;
  gsize length;

  if (g_str_equal (project, STANDARD_INPUT))
    {
      text = channels_ctl_context_read (context, &length, error);
      if (text != NULL)
        *out_origin = g_strdup (_ ("standard input"));
      return text;
    }

  folder = g_canonicalize_filename (project, NULL);
  text = channels_ctl_django_project_read (folder, python, NULL, error);
  if (text != NULL)
    *out_origin = g_steal_pointer (&folder);
  return text;
}

static void
report (ChannelsCtlContext *context, const ChannelsCtlSection *section)
{
  for (guint i = 0; i < section->notes->len; i++)
    channels_ctl_context_report (context, "%s", (char *) g_ptr_array_index (section->notes, i));

  if (section->secret)
    channels_ctl_context_report (
        context, _ ("there are secrets in it: let only yourself read the file (chmod 600)"));
}

static gboolean
print_json (ChannelsCtlContext *context, const ChannelsCtlSection *section, GError **error)
{
  GVariantBuilder notes = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_STRING_ARRAY);
  GVariantBuilder answer = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  for (guint i = 0; i < section->notes->len; i++)
    g_variant_builder_add (&notes, "s", (const char *) g_ptr_array_index (section->notes, i));
  g_variant_builder_add (&answer, "{sv}", "section", g_variant_new_string (section->text->str));
  g_variant_builder_add (&answer, "{sv}", "notes", g_variant_builder_end (&notes));
  g_variant_builder_add (&answer, "{sv}", "secret", g_variant_new_boolean (section->secret));

  return channels_ctl_context_print_json (context, g_variant_builder_end (&answer), error);
}

static gboolean
import (ChannelsCtlContext *context,
        const char *project,
        const char *python,
        const char *layer,
        gboolean json,
        GError **error)
{
  g_auto (ChannelsCtlSection) section = { 0 };
  g_autofree char *place = NULL;
  g_autofree char *origin = NULL;
  g_autofree char *text = get_text (context, project, python, &place, error);
  const char *layers;
  gsize length;

  if (text == NULL)
    return FALSE;

  /* Translators: a channel layer's name, then a folder. */
  origin = g_strdup_printf (_ ("CHANNEL_LAYERS[\"%s\"] of %s, by channelsctl import-django"), layer,
                            place);
  layers = channels_ctl_django_project_find_layers (text, &length);
  if (!channels_ctl_django_layer_convert (layers, length, layer, origin, &section, error))
    return FALSE;
  if (json)
    return print_json (context, &section, error);
  if (!channels_ctl_context_print (context, section.text->str, error))
    return FALSE;

  report (context, &section);
  return TRUE;
}

static gboolean
run (ChannelsCtlContext *context, char **argv, GError **error)
{
  g_autofree char *python = NULL;
  g_autofree char *layer = NULL;
  gboolean json = FALSE;
  const GOptionEntry options[] = {
    { "python", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_FILENAME, &python,
      N_ ("The project's Python interpreter, instead of python3"), N_ ("PROGRAM") },
    { "layer", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_FILENAME, &layer,
      N_ ("Another layer than “default”"), N_ ("NAME") },
    { "json", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &json, N_ ("Print JSON"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_auto (GStrv) arguments = NULL;

  if (!channels_ctl_command_parse (&channels_ctl_import_django, argv, options, &arguments, error))
    return FALSE;

  return import (context, arguments[0] != NULL ? arguments[0] : ".",
                 python != NULL ? python : DEFAULT_PYTHON, layer != NULL ? layer : DEFAULT_LAYER,
                 json, error);
}

const ChannelsCtlCommand channels_ctl_import_django = {
  .name = "import-django",
  .arguments = N_ ("[PROJECT|-]"),
  .summary = N_ ("Say a Django project's CHANNEL_LAYERS as configuration of channelsd"),
  .n_arguments_max = 1,
  .completes = CHANNELS_CTL_COMPLETES_DIRECTORY,
  .run = run,
};
