/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-check.h"
#include "channels-ctl-deadline.h"
#include "channels-ctl-django-layer.h"
#include "channels-ctl-django-project.h"
#include "channels-ctl-layer.h"
#include "channels-ctl-program.h"

#include "channels-redis-address.h"
#include "channels-secret.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

/* Django at the other end of the layer: whether it writes what we read, and is told the same. */

#define CHANNELS_REDIS "channels-redis"
#define PROJECT "project"

#define OUTPUT_MAX 4096 /* bytes of a version */

/* A project may need long to start. µs. */
#define PROJECT_PATIENCE (30 * G_TIME_SPAN_SECOND)

#define SCRIPT "import importlib.metadata as m; print('version ' + m.version('channels_redis'))"

/* The versions whose wire form is ours: MAJOR * 1,000,000 + MINOR * 1,000 + PATCH. */
#define VERSION_MIN 4000000
#define VERSION_MAX 4003999
#define VERSION_PUBSUB_KEYS 4002001 /* encrypts the pub/sub layer */

static gboolean
is_on_redis (const ChannelsCtlDoctor *doctor)
{
  g_autofree char *backend =
      doctor->config != NULL ? channels_ctl_layer_get (doctor, "Backend") : g_strdup ("memory");

  return !g_str_equal (backend, "memory");
}

/* (nullable) (transfer full): the version that an interpreter has */
static char *
ask_version (const char *python)
{
  g_autoptr (ChannelsCtlDeadline) deadline =
      channels_ctl_deadline_new (CHANNELS_CTL_DOCTOR_PATIENCE);
  g_autoptr (GSubprocess) process =
      g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, NULL,
                        python, "-c", SCRIPT, NULL);
  g_autofree char *text = NULL;

  if (process == NULL)
    return NULL;

  text = channels_ctl_program_read (process, python, OUTPUT_MAX,
                                    channels_ctl_deadline_get_cancellable (deadline), NULL);
  if (text == NULL || !g_subprocess_get_successful (process) ||
      !g_str_has_prefix (text, "version "))
    return NULL;

  return g_strdup (g_strchomp (text + strlen ("version ")));
}

static guint
parse_version (const char *version)
{
  guint parts[3] = { 0 };

  if (sscanf (version, "%3u.%3u.%3u", &parts[0], &parts[1], &parts[2]) < 2)
    return 0;

  return parts[0] * 1000000 + parts[1] * 1000 + parts[2];
}

/* Only the pub/sub layer of old versions is told keys that it does not use. */
static gboolean
uses_keys (const ChannelsCtlDoctor *doctor, guint version)
{
  g_autofree char *backend = channels_ctl_layer_get (doctor, "Backend");
  g_autoptr (ChannelsSecret) keys = channels_ctl_layer_get (doctor, "SymmetricEncryptionKeys");

  return *keys == '\0' || !g_str_equal (backend, "redis-pubsub") || version >= VERSION_PUBSUB_KEYS;
}

/**
 * channels_ctl_check_channels_redis:
 * @doctor: a doctor
 * @python: an interpreter
 *
 * Looks whether the channels_redis that is installed writes what we read.
 */
void
channels_ctl_check_channels_redis (ChannelsCtlDoctor *doctor, const char *python)
{
  g_autofree char *text = NULL;
  guint version;

  if (!is_on_redis (doctor))
    {
      channels_ctl_findings_add (doctor->findings, CHANNELS_REDIS, CHANNELS_CTL_STATE_SKIPPED, NULL,
                                 _ ("the channel layer is on no Redis"));
      return;
    }

  text = ask_version (python);
  version = text != NULL ? parse_version (text) : 0;
  if (text == NULL)
    channels_ctl_findings_add (doctor->findings, CHANNELS_REDIS, CHANNELS_CTL_STATE_SKIPPED, NULL,
                               _ ("%s has no channels_redis here"), python);
  else if (version < VERSION_MIN)
    channels_ctl_findings_add (
        doctor->findings, CHANNELS_REDIS, CHANNELS_CTL_STATE_ERROR,
        g_strdup_printf ("%s -m pip install 'channels_redis>=4.0,<4.4'", python),
        _ ("channels_redis %s writes another wire form than channelsd reads"), text);
  else if (version > VERSION_MAX)
    channels_ctl_findings_add (
        doctor->findings, CHANNELS_REDIS, CHANNELS_CTL_STATE_WARNING,
        g_strdup_printf ("%s -m pip install 'channels_redis>=4.0,<4.4'", python),
        _ ("channels_redis %s is newer than those that channelsd was tried with"), text);
  else if (!uses_keys (doctor, version))
    channels_ctl_findings_add (
        doctor->findings, CHANNELS_REDIS, CHANNELS_CTL_STATE_ERROR,
        g_strdup_printf ("%s -m pip install 'channels_redis>=4.2.1,<4.4'", python),
        _ ("channels_redis %s does not encrypt its pub/sub layer, and channelsd does"), text);
  else
    channels_ctl_findings_add (doctor->findings, CHANNELS_REDIS, CHANNELS_CTL_STATE_OK, NULL,
                               _ ("channels_redis %s writes what channelsd reads"), text);
}

/* What both have to be told. */
static const struct
{
  const char *key;
  ChannelsCtlState state; /* where they are not */
  gboolean secret;
} agreements[] = {
  { "Backend", CHANNELS_CTL_STATE_ERROR, FALSE },
  { "Prefix", CHANNELS_CTL_STATE_ERROR, FALSE },
  { "SymmetricEncryptionKeys", CHANNELS_CTL_STATE_ERROR, TRUE },
  { "Expiry", CHANNELS_CTL_STATE_WARNING, FALSE },
  { "GroupExpiry", CHANNELS_CTL_STATE_WARNING, FALSE },
  { "Capacity", CHANNELS_CTL_STATE_WARNING, FALSE },
  { "ChannelCapacity", CHANNELS_CTL_STATE_WARNING, FALSE },
};

/* What to do about a difference, where it stands: @value is what the project has, if that may be
 * shown. */
static char *
make_remedy (ChannelsCtlDoctor *doctor, const char *key, const char *value, const char *project)
{
  const char *file = channels_ctl_check_get_config_file (doctor);
  g_autofree char *place = NULL;

  if (value != NULL && doctor->daemon.layer != NULL && g_str_equal (key, "Backend"))
    return g_strdup_printf (_ ("“--layer %s” on the command line of channelsd"), value);
  if (value != NULL)
    return g_strdup_printf (_ ("“%s=%s” under [Layer] in %s"), key, value, file);

  place = g_str_equal (key, "Hosts") && doctor->daemon.redis != NULL
              ? channels_ctl_layer_say_place_of_hosts (doctor)
              : g_strdup (file);
  return g_strdup_printf (_ ("“channelsctl import-django %s” prints what belongs in %s"), project,
                          place);
}

static void
tell_difference (ChannelsCtlDoctor *doctor,
                 const char *key,
                 ChannelsCtlState state,
                 const char *value,
                 const char *project)
{
  channels_ctl_findings_add (doctor->findings, PROJECT, state,
                             make_remedy (doctor, key, value, project),
                             _ ("%s= is not what the project has"), key);
}

static const char *
get_host_name (const ChannelsRedisHost *host)
{
  return g_str_equal (host->name, "localhost") || g_str_equal (host->name, "::1") ? "127.0.0.1"
                                                                                  : host->name;
}

static gboolean
are_same_host (const ChannelsRedisAddress *a, const ChannelsRedisAddress *b)
{
  if (a->kind != b->kind || a->database != b->database || a->tls != b->tls ||
      a->hosts->len != b->hosts->len || g_strcmp0 (a->path, b->path) != 0 ||
      g_strcmp0 (a->master_name, b->master_name) != 0)
    return FALSE;

  for (guint i = 0; i < a->hosts->len; i++)
    {
      const ChannelsRedisHost *host_a = g_ptr_array_index (a->hosts, i);
      const ChannelsRedisHost *host_b = g_ptr_array_index (b->hosts, i);

      if (host_a->port != host_b->port ||
          !g_str_equal (get_host_name (host_a), get_host_name (host_b)))
        return FALSE;
    }

  return TRUE;
}

/* Whether both are on the same servers, in the same order: which user each is does not matter. */
static gboolean
have_same_hosts (GPtrArray *a, GPtrArray *b)
{
  if (a->len != b->len)
    return FALSE;

  for (guint i = 0; i < a->len; i++)
    {
      if (!are_same_host (g_ptr_array_index (a, i), g_ptr_array_index (b, i)))
        return FALSE;
    }

  return TRUE;
}

static void
compare (ChannelsCtlDoctor *doctor, GKeyFile *wanted, const char *project)
{
  guint before = channels_ctl_findings_count (doctor->findings, PROJECT);
  g_autoptr (GPtrArray) ours =
      channels_ctl_layer_parse_hosts (doctor->config, doctor->daemon.redis, NULL, NULL);
  g_autoptr (GPtrArray) theirs = channels_ctl_layer_parse_hosts (wanted, NULL, NULL, NULL);

  if (ours == NULL || theirs == NULL || !have_same_hosts (ours, theirs))
    tell_difference (doctor, "Hosts", CHANNELS_CTL_STATE_ERROR, NULL, project);

  for (guint i = 0; i < G_N_ELEMENTS (agreements); i++)
    {
      g_autoptr (ChannelsSecret) our_value = channels_ctl_layer_get (doctor, agreements[i].key);
      g_autoptr (ChannelsSecret) their_value = channels_ctl_layer_read (wanted, agreements[i].key);

      if (!g_str_equal (our_value, their_value))
        tell_difference (doctor, agreements[i].key, agreements[i].state,
                         agreements[i].secret ? NULL : their_value, project);
    }

  if (channels_ctl_findings_count (doctor->findings, PROJECT) == before)
    channels_ctl_findings_add (doctor->findings, PROJECT, CHANNELS_CTL_STATE_OK, NULL,
                               _ ("the channel layer of %s is this one"), project);
}

/* What is to be done where a project cannot be read: its own command says more. */
static char *
make_project_remedy (const char *project)
{
  if (!channels_ctl_django_project_is_one (project))
    return g_strdup (_ ("name the folder that has manage.py after --project"));

  return channels_ctl_check_command ("channelsctl import-django", project);
}

/* The project's layer as configuration of ours; `NULL` with @error set. */
static GKeyFile *
read_project (const char *project, const char *python, const char *layer, GError **error)
{
  g_autoptr (ChannelsCtlDeadline) deadline = channels_ctl_deadline_new (PROJECT_PATIENCE);
  g_autofree char *folder = g_canonicalize_filename (project, NULL);
  g_autofree char *text = channels_ctl_django_project_read (
      folder, python, channels_ctl_deadline_get_cancellable (deadline), error);
  g_auto (ChannelsCtlSection) section = { 0 };
  g_autoptr (GKeyFile) file = g_key_file_new ();
  const char *json;
  gsize length;

  if (text == NULL)
    return NULL;

  json = channels_ctl_django_project_find_layers (text, &length);
  if (!channels_ctl_django_layer_convert (json, length, layer, folder, &section, error) ||
      !g_key_file_load_from_data (file, section.text->str, section.text->len, G_KEY_FILE_NONE,
                                  error))
    return NULL;

  return g_steal_pointer (&file);
}

/**
 * channels_ctl_check_project:
 * @doctor: a doctor
 * @project: the folder of a Django project
 * @python: its interpreter
 * @layer: the name of its channel layer
 *
 * Compares a project's `CHANNEL_LAYERS` with the configuration.
 */
void
channels_ctl_check_project (ChannelsCtlDoctor *doctor,
                            const char *project,
                            const char *python,
                            const char *layer)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GKeyFile) wanted = NULL;

  if (doctor->config == NULL)
    {
      channels_ctl_findings_add (doctor->findings, PROJECT, CHANNELS_CTL_STATE_SKIPPED, NULL,
                                 _ ("the configuration cannot be read"));
      return;
    }

  wanted = read_project (project, python, layer, &error);
  if (wanted != NULL)
    compare (doctor, wanted, project);
  else
    channels_ctl_findings_add (doctor->findings, PROJECT, CHANNELS_CTL_STATE_ERROR,
                               make_project_remedy (project), "%s", error->message);
}
