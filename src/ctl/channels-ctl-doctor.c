/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-doctor.h"

#include "channels-ctl-colour.h"
#include "channels-ctl-command.h"
#include "channels-ctl-error.h"

#include "channels-secret.h"

#include <glib/gi18n.h>

#define DEFAULT_PYTHON "python3"
#define DEFAULT_LAYER "default"

/**
 * channels_ctl_doctor_clear:
 * @self: a doctor
 *
 * Frees what it knows.
 */
void
channels_ctl_doctor_clear (ChannelsCtlDoctor *self)
{
  g_clear_pointer (&self->findings, channels_ctl_findings_free);
  g_clear_object (&self->bus);
  g_clear_pointer (&self->activation, g_free);
  g_clear_pointer (&self->properties, g_variant_unref);
  channels_ctl_daemon_clear (&self->daemon);
  g_clear_pointer (&self->url, g_free);
  g_clear_pointer (&self->config, g_key_file_unref);
  g_clear_pointer (&self->config_file, g_free);
}

/**
 * channels_ctl_doctor_dup_property:
 * @self: a doctor
 * @name: of a property that is a string
 *
 * Returns: (transfer full): its value; empty where the service does not run, or has none
 */
char *
channels_ctl_doctor_dup_property (const ChannelsCtlDoctor *self, const char *name)
{
  const char *value = "";

  if (self->properties != NULL)
    g_variant_lookup (self->properties, name, "&s", &value);

  return g_strdup (value);
}

/**
 * channels_ctl_doctor_restart_command:
 * @self: a doctor
 *
 * Returns: (transfer full): what has the service started anew
 */
char *
channels_ctl_doctor_restart_command (const ChannelsCtlDoctor *self)
{
  if (self->unit_active)
    return g_strdup ("systemctl --user restart channelsd.service");
  if (self->pid == 0)
    return g_strdup (_ ("end that channelsd, and start it anew"));

  return g_strdup_printf (_ ("“kill %u”, and the next who needs it starts it anew"), self->pid);
}

/* In this order: each may need what those before it have found. */
static void (*const checks[]) (ChannelsCtlDoctor *doctor) = {
  channels_ctl_check_bus,
  channels_ctl_check_activation,
  channels_ctl_check_units,
  channels_ctl_check_service,
  channels_ctl_check_configuration,
  channels_ctl_check_config_permissions,
  channels_ctl_check_runtime_directory,
  channels_ctl_check_url_file,
  channels_ctl_check_addresses,
  channels_ctl_check_page,
  channels_ctl_check_health,
  channels_ctl_check_layer,
  channels_ctl_check_redis,
};

static gboolean
tell (ChannelsCtlContext *context,
      const ChannelsCtlFindings *findings,
      gboolean json,
      GError **error)
{
  guint count = channels_ctl_findings_count (findings, NULL);
  GOutputStream *output = channels_ctl_context_get_output (context);
  g_autofree char *text = NULL;

  if (json)
    {
      if (!channels_ctl_context_print_json (context, channels_ctl_findings_to_variant (findings),
                                            error))
        return FALSE;
    }
  else
    {
      text = channels_ctl_findings_to_text (findings, channels_ctl_colour_is_wanted (output));
      if (!channels_ctl_context_print (context, text, error))
        return FALSE;
    }

  if (count == 0)
    return TRUE;

  g_set_error (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_FAILED,
               ngettext ("%u thing needs to be done", "%u things need to be done", count), count);
  return FALSE;
}

static gboolean
run (ChannelsCtlContext *context, char **argv, GError **error)
{
  gboolean json = FALSE;
  g_autofree char *project = NULL;
  g_autofree char *python = NULL;
  g_autofree char *layer = NULL;
  const GOptionEntry options[] = {
    { "json", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &json, N_ ("Print JSON"), NULL },
    { "project", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_FILENAME, &project,
      N_ ("A Django project, whose CHANNEL_LAYERS has to fit"), N_ ("FOLDER") },
    { "python", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_FILENAME, &python,
      N_ ("The project's Python interpreter, instead of python3"), N_ ("PROGRAM") },
    { "layer", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_FILENAME, &layer,
      N_ ("Another layer than “default”"), N_ ("NAME") },
    G_OPTION_ENTRY_NULL,
  };
  g_auto (GStrv) arguments = NULL;
  g_auto (ChannelsCtlDoctor) doctor = { 0 };

  if (!channels_ctl_command_parse (&channels_ctl_doctor, argv, options, &arguments, error))
    return FALSE;

  /* There may be passwords in what is read. */
  channels_secret_hide_memory (TRUE);
  doctor.findings = channels_ctl_findings_new ();
  for (guint i = 0; i < G_N_ELEMENTS (checks); i++)
    checks[i](&doctor);
  channels_ctl_check_channels_redis (&doctor, python != NULL ? python : DEFAULT_PYTHON);
  if (project != NULL)
    channels_ctl_check_project (&doctor, project, python != NULL ? python : DEFAULT_PYTHON,
                                layer != NULL ? layer : DEFAULT_LAYER);

  channels_secret_hide_memory (FALSE);
  return tell (context, doctor.findings, json, error);
}

const ChannelsCtlCommand channels_ctl_doctor = {
  .name = "doctor",
  .summary = N_ ("Check that everything works, and say what to do where it does not"),
  .run = run,
};
