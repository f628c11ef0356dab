/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-check.h"
#include "channels-ctl-deadline.h"
#include "channels-ctl-program.h"

#include "channels-names.h"
#include "channels-secret.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The configuration: whether channelsd itself takes it, and who else can read it. */

#define CONFIGURATION "configuration"
#define PERMISSIONS "permissions"

#define OUTPUT_MAX 65536               /* bytes of channelsd's mistakes */
#define FILE_MAX ((gsize) 1024 * 1024) /* bytes: channels.conf(5) */
#define COMPLAINT "channelsd: "        /* what each of its lines begins with */

/* Where systemd keeps the credentials of a unit of the user's: systemd.exec(5). */
#define CREDENTIALS "credentials/channelsd.service"

static void
add_option (GPtrArray *line, const char *option, const char *value)
{
  if (value == NULL)
    return;

  g_ptr_array_add (line, (gpointer) option);
  g_ptr_array_add (line, (gpointer) value);
}

static GPtrArray *
make_line (const ChannelsCtlDaemon *daemon)
{
  GPtrArray *line = g_ptr_array_new ();

  g_ptr_array_add (line, daemon->program);
  g_ptr_array_add (line, (gpointer) "--check-config");
  add_option (line, "--config", daemon->config);
  add_option (line, "--layer", daemon->layer);
  for (guint i = 0; daemon->listen != NULL && daemon->listen[i] != NULL; i++)
    add_option (line, "--listen", daemon->listen[i]);
  for (guint i = 0; daemon->redis != NULL && daemon->redis[i] != NULL; i++)
    add_option (line, "--redis", daemon->redis[i]);
  g_ptr_array_add (line, NULL);

  return line;
}

/**
 * channels_ctl_check_find_credentials:
 *
 * Returns: (transfer full) (nullable): the folder of the service's credentials, where there is one
 */
char *
channels_ctl_check_find_credentials (void)
{
  g_autofree char *runtime = channels_ctl_check_find_runtime_directory ();
  g_autofree char *path = runtime != NULL ? g_build_filename (runtime, CREDENTIALS, NULL) : NULL;

  return path != NULL && g_file_test (path, G_FILE_TEST_IS_DIR) ? g_steal_pointer (&path) : NULL;
}

/**
 * channels_ctl_check_get_config_file:
 * @doctor: a doctor
 *
 * Returns: (transfer none): the file that is read, or the one that could be written
 */
const char *
channels_ctl_check_get_config_file (const ChannelsCtlDoctor *doctor)
{
  return doctor->config_file != NULL ? doctor->config_file
                                     : "~/.config/" CHANNELS_FOLDER "/" CHANNELS_CONFIG_FILE_NAME;
}

/* Has channelsd say what is wrong: (transfer full), or `NULL` with @error set. */
static char *
ask_channelsd (ChannelsCtlDoctor *doctor, gboolean *out_good, GError **error)
{
  g_autoptr (ChannelsCtlDeadline) deadline =
      channels_ctl_deadline_new (CHANNELS_CTL_DOCTOR_PATIENCE);
  g_autoptr (GSubprocessLauncher) launcher =
      g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);
  g_autoptr (GPtrArray) line = make_line (&doctor->daemon);
  g_autofree char *credentials = channels_ctl_check_find_credentials ();
  g_autoptr (GSubprocess) process = NULL;
  char *text;

  if (credentials != NULL)
    g_subprocess_launcher_setenv (launcher, "CREDENTIALS_DIRECTORY", credentials, TRUE);
  process = g_subprocess_launcher_spawnv (launcher, (const char *const *) line->pdata, error);
  if (process == NULL)
    return NULL;

  text = channels_ctl_program_read (process, doctor->daemon.program, OUTPUT_MAX,
                                    channels_ctl_deadline_get_cancellable (deadline), error);
  if (text != NULL)
    *out_good = g_subprocess_get_successful (process);
  return text;
}

static char *
make_check_command (const ChannelsCtlDoctor *doctor)
{
  g_autofree char *program = channels_ctl_check_quote (doctor->daemon.program);

  return g_strconcat (program, " --check-config", NULL);
}

/* (nullable) (transfer full): a text that is no larger than it may be */
static char *
read_file (const char *path)
{
  struct stat file;
  char *text = NULL;

  if (g_stat (path, &file) == 0 && S_ISREG (file.st_mode) && (gsize) file.st_size <= FILE_MAX)
    g_file_get_contents (path, &text, NULL, NULL);

  return text;
}

/* (nullable): what stands behind `KEY=` in a line */
static const char *
get_value (const char *line, const char *key)
{
  if (!g_str_has_prefix (line, key))
    return NULL;

  line += strlen (key);
  line += strspn (line, " \t");
  if (*line != '=')
    return NULL;

  line++;
  return line + strspn (line, " \t");
}

/* Whether a mistake is none for the service, which is given a credential that we have not. */
static gboolean
is_about_credential (const ChannelsCtlDoctor *doctor, const char *mistake)
{
  g_autofree char *credentials = channels_ctl_check_find_credentials ();
  g_autoptr (ChannelsSecret) text = NULL;
  g_auto (GStrv) lines = NULL;

  if (credentials != NULL || doctor->config_file == NULL ||
      strstr (mistake, " PasswordFile: ") == NULL)
    return FALSE;

  text = read_file (doctor->config_file);
  lines = g_strsplit (text != NULL ? text : "", "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *name = get_value (g_strstrip (lines[i]), "PasswordFile");

      if (name != NULL)
        return *name != '\0' && strchr (name, '/') == NULL;
    }

  return FALSE;
}

static void
tell_mistake (ChannelsCtlDoctor *doctor, const char *mistake)
{
  if (is_about_credential (doctor, mistake))
    channels_ctl_findings_add (doctor->findings, CONFIGURATION, CHANNELS_CTL_STATE_SKIPPED, NULL,
                               _ ("only the service is given the credential that PasswordFile= "
                                  "names"));
  else
    channels_ctl_findings_add (
        doctor->findings, CONFIGURATION, CHANNELS_CTL_STATE_ERROR,
        doctor->config_file != NULL && !g_str_has_prefix (mistake, "--")
            ? g_strdup_printf (_ ("correct it in %s; channels.conf(5) says what is allowed"),
                               doctor->config_file)
            : g_strdup ("channelsd --help"),
        "%s", mistake);
}

static void
tell_mistakes (ChannelsCtlDoctor *doctor, const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  guint n = 0;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (!g_str_has_prefix (lines[i], COMPLAINT))
        continue;

      tell_mistake (doctor, lines[i] + strlen (COMPLAINT));
      n++;
    }

  if (n == 0)
    channels_ctl_findings_add (doctor->findings, CONFIGURATION, CHANNELS_CTL_STATE_ERROR,
                               make_check_command (doctor),
                               _ ("channelsd failed while it checked the configuration"));
}

/* Reads what channelsd has found right. */
static void
load (ChannelsCtlDoctor *doctor)
{
  g_autoptr (GError) error = NULL;

  doctor->config = g_key_file_new ();
  if (doctor->config_file == NULL)
    channels_ctl_findings_add (doctor->findings, CONFIGURATION, CHANNELS_CTL_STATE_OK, NULL,
                               _ ("there is no file, and none is needed"));
  else if (g_key_file_load_from_file (doctor->config, doctor->config_file, G_KEY_FILE_NONE, &error))
    channels_ctl_findings_add (doctor->findings, CONFIGURATION, CHANNELS_CTL_STATE_OK, NULL,
                               _ ("%s has no mistakes"), doctor->config_file);
  else
    {
      /* The error may repeat a line of the file, which may be a secret. */
      g_clear_pointer (&doctor->config, g_key_file_unref);
      channels_ctl_findings_add (doctor->findings, CONFIGURATION, CHANNELS_CTL_STATE_SKIPPED, NULL,
                                 _ ("channelsd can read %s, and channelsctl cannot"),
                                 doctor->config_file);
    }
}

/**
 * channels_ctl_check_configuration:
 * @doctor: a doctor
 *
 * Has channelsd check the configuration with which it runs, or would.
 */
void
channels_ctl_check_configuration (ChannelsCtlDoctor *doctor)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  gboolean good = FALSE;

  doctor->config_file = channels_ctl_daemon_find_config (&doctor->daemon);
  if (doctor->daemon.program == NULL)
    {
      channels_ctl_findings_add (doctor->findings, CONFIGURATION, CHANNELS_CTL_STATE_SKIPPED, NULL,
                                 _ ("there is no channelsd to ask"));
      return;
    }

  text = ask_channelsd (doctor, &good, &error);
  if (text == NULL)
    channels_ctl_findings_add (doctor->findings, CONFIGURATION, CHANNELS_CTL_STATE_ERROR,
                               make_check_command (doctor), _ ("channelsd cannot be asked: %s"),
                               error->message);
  else if (!good)
    tell_mistakes (doctor, text);
  else
    load (doctor);
}

/* Whether a password or a key stands in a text that may be full of mistakes; and the file that
 * holds one, if any. */
static gboolean
has_secret (const char *text, char **out_password_file)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  gboolean secret = FALSE;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *line = g_strstrip (lines[i]);
      const char *hosts = get_value (line, "Hosts");
      const char *keys = get_value (line, "SymmetricEncryptionKeys");
      const char *file = get_value (line, "PasswordFile");

      if ((hosts != NULL && strchr (hosts, '@') != NULL) || (keys != NULL && *keys != '\0'))
        secret = TRUE;
      if (file != NULL && g_path_is_absolute (file) && *out_password_file == NULL)
        *out_password_file = g_strdup (file);
    }

  return secret;
}

/* Whether nobody else can read a file with a secret, nor change one without. */
static gboolean
check_file (ChannelsCtlDoctor *doctor, const char *path, gboolean secret)
{
  struct stat file;
  mode_t readers;

  if (g_stat (path, &file) != 0)
    {
      channels_ctl_findings_add (doctor->findings, PERMISSIONS, CHANNELS_CTL_STATE_ERROR,
                                 channels_ctl_check_command ("ls -l", path),
                                 _ ("%s cannot be read: %s"), path, g_strerror (errno));
      return FALSE;
    }

  /* A file of the system's may be for a group that somebody has thought about. */
  readers = file.st_uid == getuid () ? S_IRGRP | S_IROTH : S_IROTH;
  if (secret && (file.st_mode & readers) != 0)
    {
      channels_ctl_findings_add (doctor->findings, PERMISSIONS, CHANNELS_CTL_STATE_ERROR,
                                 channels_ctl_check_command ("chmod 600", path),
                                 _ ("there is a secret in %s, and other users can read it"), path);
      return FALSE;
    }
  if ((file.st_mode & S_IWOTH) != 0 && !(S_ISDIR (file.st_mode) && (file.st_mode & S_ISVTX) != 0))
    {
      channels_ctl_findings_add (doctor->findings, PERMISSIONS, CHANNELS_CTL_STATE_ERROR,
                                 channels_ctl_check_command ("chmod o-w", path),
                                 _ ("every user can change %s"), path);
      return FALSE;
    }

  return TRUE;
}

/**
 * channels_ctl_check_config_permissions:
 * @doctor: a doctor
 *
 * Looks who can read the configuration and change it.
 */
void
channels_ctl_check_config_permissions (ChannelsCtlDoctor *doctor)
{
  g_autoptr (ChannelsSecret) text = NULL;
  g_autofree char *folder = NULL;
  g_autofree char *password_file = NULL;
  gboolean secret;
  gboolean good;

  if (doctor->config_file == NULL)
    {
      channels_ctl_findings_add (doctor->findings, PERMISSIONS, CHANNELS_CTL_STATE_SKIPPED, NULL,
                                 _ ("there is no configuration file"));
      return;
    }

  text = read_file (doctor->config_file);
  secret = text != NULL && has_secret (text, &password_file);
  folder = g_path_get_dirname (doctor->config_file);
  good = check_file (doctor, folder, FALSE);
  good = check_file (doctor, doctor->config_file, secret) && good;
  if (password_file != NULL)
    good = check_file (doctor, password_file, TRUE) && good;

  if (good)
    channels_ctl_findings_add (doctor->findings, PERMISSIONS, CHANNELS_CTL_STATE_OK, NULL,
                               secret || password_file != NULL
                                   ? _ ("nobody else can read the secrets of %s")
                                   : _ ("nobody else can change %s"),
                               doctor->config_file);
}
