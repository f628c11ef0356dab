/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-check.h"
#include "channels-ctl-http.h"

#include "channels-names.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* What lies in the session's runtime directory. */

#define RUNTIME "runtime-directory"
#define URL_FILE "url-file"

#define URL_MAX 4096 /* bytes of the file */

/* Whether a directory is ours alone. */
static gboolean
check_directory (ChannelsCtlDoctor *doctor, const char *path)
{
  struct stat directory;

  if (g_stat (path, &directory) != 0 || !S_ISDIR (directory.st_mode))
    channels_ctl_findings_add (doctor->findings, RUNTIME, CHANNELS_CTL_STATE_ERROR,
                               channels_ctl_check_command ("mkdir -m 700", path),
                               _ ("%s is no directory"), path);
  else if (directory.st_uid != getuid ())
    channels_ctl_findings_add (doctor->findings, RUNTIME, CHANNELS_CTL_STATE_ERROR,
                               channels_ctl_check_make_runtime_remedy (),
                               _ ("%s belongs to another user (%u)"), path, directory.st_uid);
  else if ((directory.st_mode & 0777) != 0700)
    channels_ctl_findings_add (doctor->findings, RUNTIME, CHANNELS_CTL_STATE_ERROR,
                               channels_ctl_check_command ("chmod 700", path),
                               _ ("%s is not for its owner alone: its mode is %o, not 700"), path,
                               directory.st_mode & 0777);
  else
    return TRUE;

  return FALSE;
}

static gboolean
is_named (const char *runtime)
{
  return runtime != NULL && g_path_is_absolute (runtime);
}

/* The one that systemd-logind makes for this user: (transfer full). */
static char *
make_usual_path (void)
{
  return g_strdup_printf ("/run/user/%u", getuid ());
}

/**
 * channels_ctl_check_find_runtime_directory:
 *
 * Returns: (transfer full) (nullable): the directory of the session's files; where no variable
 *   names it, the usual one, if it is there and ours
 */
char *
channels_ctl_check_find_runtime_directory (void)
{
  const char *runtime = g_getenv ("XDG_RUNTIME_DIR");
  g_autofree char *usual = NULL;
  struct stat directory;

  if (is_named (runtime))
    return g_strdup (runtime);

  usual = make_usual_path ();
  if (g_stat (usual, &directory) != 0 || !S_ISDIR (directory.st_mode) ||
      directory.st_uid != getuid ())
    return NULL;

  return g_steal_pointer (&usual);
}

/**
 * channels_ctl_check_make_runtime_remedy:
 *
 * Returns: (transfer full): what has `$XDG_RUNTIME_DIR` name a directory that is there
 */
char *
channels_ctl_check_make_runtime_remedy (void)
{
  g_autofree char *usual = make_usual_path ();
  g_autofree char *parent = g_path_get_dirname (usual);

  if (g_file_test (usual, G_FILE_TEST_EXISTS))
    return g_strdup_printf ("export XDG_RUNTIME_DIR=%s", usual);
  if (g_access (parent, W_OK) == 0)
    return g_strdup_printf ("mkdir -m 700 %s && export XDG_RUNTIME_DIR=%s", usual, usual);

  return g_strdup ("export XDG_RUNTIME_DIR=$(mktemp -d)");
}

/* Whether the session's directory is ours alone, and ours in it. */
static gboolean
check_directories (ChannelsCtlDoctor *doctor, const char *runtime)
{
  g_autofree char *ours = g_build_filename (runtime, CHANNELS_FOLDER, NULL);

  return check_directory (doctor, runtime) &&
         (!g_file_test (ours, G_FILE_TEST_EXISTS) || check_directory (doctor, ours));
}

/**
 * channels_ctl_check_runtime_directory:
 * @doctor: a doctor
 *
 * Looks at the directory of the session's files, and at ours in it.
 */
void
channels_ctl_check_runtime_directory (ChannelsCtlDoctor *doctor)
{
  g_autofree char *runtime = channels_ctl_check_find_runtime_directory ();
  gboolean named = is_named (g_getenv ("XDG_RUNTIME_DIR"));

  if (!named)
    channels_ctl_findings_add (doctor->findings, RUNTIME, CHANNELS_CTL_STATE_WARNING,
                               channels_ctl_check_make_runtime_remedy (),
                               _ ("$XDG_RUNTIME_DIR is not set: neither the page's URL nor the "
                                  "node's name is kept"));

  /* What would be found once it is set. */
  if (runtime != NULL && check_directories (doctor, runtime) && named)
    channels_ctl_findings_add (doctor->findings, RUNTIME, CHANNELS_CTL_STATE_OK, NULL,
                               _ ("%s is ours alone"), runtime);
}

/* A file of that name which is no plain file of ours for us alone. */
static gboolean
check_url_file (ChannelsCtlDoctor *doctor, const char *path, const struct stat *file)
{
  if (S_ISREG (file->st_mode) && file->st_uid == getuid () && (file->st_mode & 0777) == 0600 &&
      file->st_size <= URL_MAX)
    return TRUE;

  if (S_ISREG (file->st_mode) && file->st_uid == getuid () && file->st_size <= URL_MAX)
    channels_ctl_findings_add (doctor->findings, URL_FILE, CHANNELS_CTL_STATE_ERROR,
                               channels_ctl_check_command ("chmod 600", path),
                               _ ("the mode of %s is %o, not 600"), path, file->st_mode & 0777);
  else
    channels_ctl_findings_add (doctor->findings, URL_FILE, CHANNELS_CTL_STATE_ERROR,
                               channels_ctl_check_command ("rm -r", path),
                               _ ("%s is not the file that channelsd writes"), path);
  return FALSE;
}

/* Whether somebody of ours answers there, who is not on our bus. To ask one for whom systemd
 * listens would start it. */
static gboolean
is_served (ChannelsCtlDoctor *doctor, const char *url)
{
  g_auto (ChannelsCtlHttp) answer = { 0 };

  return !doctor->socket_active &&
         channels_ctl_http_get (url, "/health", CHANNELS_CTL_DOCTOR_PATIENCE, &answer, NULL) &&
         answer.status == 200;
}

static void
compare (ChannelsCtlDoctor *doctor, const char *path, const char *url)
{
  if (doctor->url != NULL && g_str_equal (url, doctor->url))
    channels_ctl_findings_add (doctor->findings, URL_FILE, CHANNELS_CTL_STATE_OK, NULL,
                               _ ("%s says %s, as the service does"), path, url);
  else if (doctor->url != NULL)
    channels_ctl_findings_add (doctor->findings, URL_FILE, CHANNELS_CTL_STATE_WARNING,
                               channels_ctl_doctor_restart_command (doctor),
                               _ ("%s says %s, and the service is at %s"), path, url, doctor->url);
  else if (is_served (doctor, url))
    {
      channels_ctl_findings_add (doctor->findings, URL_FILE, CHANNELS_CTL_STATE_OK, NULL,
                                 _ ("a channelsd that is not on this bus is at %s"), url);
      doctor->url = g_strdup (url);
    }
  else
    channels_ctl_findings_add (doctor->findings, URL_FILE, CHANNELS_CTL_STATE_WARNING,
                               channels_ctl_check_command ("rm", path),
                               _ ("%s says %s, where no channelsd is: one was killed"), path, url);
}

/**
 * channels_ctl_check_url_file:
 * @doctor: a doctor
 *
 * Looks at the file that has the page's URL, which is there exactly while somebody listens.
 */
void
channels_ctl_check_url_file (ChannelsCtlDoctor *doctor)
{
  g_autofree char *runtime = channels_ctl_check_find_runtime_directory ();
  g_autofree char *property = channels_ctl_doctor_dup_property (doctor, "Url");
  g_autofree char *path = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  struct stat file;

  if (*property != '\0')
    doctor->url = g_steal_pointer (&property);
  if (runtime == NULL)
    {
      channels_ctl_findings_add (doctor->findings, URL_FILE, CHANNELS_CTL_STATE_SKIPPED, NULL,
                                 _ ("$XDG_RUNTIME_DIR is not set"));
      return;
    }

  path = g_build_filename (runtime, CHANNELS_FOLDER, CHANNELS_URL_FILE_NAME, NULL);
  if (g_lstat (path, &file) != 0)
    {
      if (doctor->url == NULL)
        channels_ctl_findings_add (doctor->findings, URL_FILE, CHANNELS_CTL_STATE_OK, NULL,
                                   _ ("nobody listens, and there is no %s"), path);
      else
        channels_ctl_findings_add (doctor->findings, URL_FILE, CHANNELS_CTL_STATE_WARNING,
                                   channels_ctl_doctor_restart_command (doctor),
                                   _ ("%s is missing: programs without a bus do not find the page"),
                                   path);
      return;
    }

  if (!check_url_file (doctor, path, &file))
    return;
  if (!g_file_get_contents (path, &text, NULL, &error))
    {
      channels_ctl_findings_add (doctor->findings, URL_FILE, CHANNELS_CTL_STATE_ERROR,
                                 channels_ctl_check_command ("rm", path), "%s", error->message);
      return;
    }

  compare (doctor, path, g_strchomp (text));
}
