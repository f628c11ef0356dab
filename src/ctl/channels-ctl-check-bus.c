/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-check.h"
#include "channels-ctl-deadline.h"
#include "channels-ctl-error.h"

#include "channels-names.h"

#include <glib/gi18n.h>

/* The session bus, and whether it knows how to start the service. */

#define BUS "bus"
#define ACTIVATION "activation"

#define SERVICE_FILE CHANNELS_BUS_NAME ".service"
#define SERVICE_GROUP "D-BUS Service"

/* (nullable): where the bus is, as GDBus finds it, but for starting one by way of X11; and, for the
 * doctor alone, in a directory that no variable names */
static char *
find_address (gboolean *out_hidden)
{
  const char *address = g_getenv ("DBUS_SESSION_BUS_ADDRESS");
  g_autofree char *runtime = channels_ctl_check_find_runtime_directory ();
  g_autofree char *path = NULL;
  g_autofree char *escaped = NULL;

  if (address != NULL && *address != '\0')
    return g_strdup (address);
  if (runtime == NULL)
    return NULL;

  path = g_build_filename (runtime, "bus", NULL);
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return NULL;

  *out_hidden = g_strcmp0 (runtime, g_getenv ("XDG_RUNTIME_DIR")) != 0;
  escaped = g_dbus_address_escape_value (path);
  return g_strconcat ("unix:path=", escaped, NULL);
}

/**
 * channels_ctl_check_bus:
 * @doctor: a doctor
 *
 * Connects to the session bus.
 */
void
channels_ctl_check_bus (ChannelsCtlDoctor *doctor)
{
  g_autoptr (ChannelsCtlDeadline) deadline =
      channels_ctl_deadline_new (CHANNELS_CTL_DOCTOR_PATIENCE);
  GCancellable *cancellable = channels_ctl_deadline_get_cancellable (deadline);
  gboolean hidden = FALSE;
  g_autofree char *address = find_address (&hidden);
  g_autoptr (GError) error = NULL;

  if (address != NULL)
    doctor->bus =
        g_dbus_connection_new_for_address_sync (address,
                                                G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                    G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                                NULL, cancellable, &error);

  if (address == NULL || hidden)
    channels_ctl_findings_add (doctor->findings, BUS, CHANNELS_CTL_STATE_ERROR,
                               doctor->bus != NULL ? channels_ctl_check_make_runtime_remedy ()
                                                   : g_strdup ("dbus-run-session -- bash"),
                               _ ("there is no session bus: neither $DBUS_SESSION_BUS_ADDRESS "
                                  "nor $XDG_RUNTIME_DIR/bus"));
  else if (doctor->bus != NULL)
    channels_ctl_findings_add (doctor->findings, BUS, CHANNELS_CTL_STATE_OK, NULL,
                               _ ("the session bus answers"));
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    channels_ctl_findings_add (doctor->findings, BUS, CHANNELS_CTL_STATE_ERROR,
                               g_strdup ("dbus-run-session -- bash"),
                               _ ("the session bus at %s does not answer"), address);
  else
    channels_ctl_findings_add (
        doctor->findings, BUS, CHANNELS_CTL_STATE_ERROR, g_strdup ("dbus-run-session -- bash"),
        _ ("the session bus at %s cannot be reached: %s"), address, error->message);
}

/**
 * channels_ctl_check_call:
 * @doctor: a doctor with a bus
 * @name: who is called; not started where it does not run
 * @path: an object
 * @interface: an interface
 * @method: a method
 * @arguments: (nullable): consumed if floating
 * @type: of the answer
 * @error: return location for a `GError`, or `NULL`
 *
 * Calls somebody on the bus.
 *
 * Returns: (transfer full): the answer, or `NULL` with @error set
 */
GVariant *
channels_ctl_check_call (ChannelsCtlDoctor *doctor,
                         const char *name,
                         const char *path,
                         const char *interface,
                         const char *method,
                         GVariant *arguments,
                         const GVariantType *type,
                         GError **error)
{
  return g_dbus_connection_call_sync (
      doctor->bus, name, path, interface, method, arguments, type, G_DBUS_CALL_FLAGS_NO_AUTO_START,
      CHANNELS_CTL_DOCTOR_PATIENCE / G_TIME_SPAN_MILLISECOND, NULL, error);
}

/**
 * channels_ctl_check_call_bus:
 * @doctor: a doctor with a bus
 * @method: a method of the bus' own
 * @arguments: (nullable): consumed if floating
 * @type: of the answer
 * @error: return location for a `GError`, or `NULL`
 *
 * Returns: (transfer full): the answer, or `NULL` with @error set
 */
GVariant *
channels_ctl_check_call_bus (ChannelsCtlDoctor *doctor,
                             const char *method,
                             GVariant *arguments,
                             const GVariantType *type,
                             GError **error)
{
  return channels_ctl_check_call (doctor, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                  "org.freedesktop.DBus", method, arguments, type, error);
}

/**
 * channels_ctl_check_quote:
 * @path: a file's name
 *
 * Returns: (transfer full): @path as a shell takes it
 */
char *
channels_ctl_check_quote (const char *path)
{
  return path[strspn (path, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "/._-+:~")] == '\0'
             ? g_strdup (path)
             : g_shell_quote (path);
}

/**
 * channels_ctl_check_command:
 * @command: what is done
 * @path: to which file
 *
 * Returns: (transfer full): both, for a shell
 */
char *
channels_ctl_check_command (const char *command, const char *path)
{
  g_autofree char *quoted = channels_ctl_check_quote (path);

  return g_strconcat (command, " ", quoted, NULL);
}

/**
 * channels_ctl_check_install_remedy:
 *
 * Returns: (transfer full): what to do where a file of ours is missing
 */
char *
channels_ctl_check_install_remedy (void)
{
  return g_strdup (_ ("install Channels: “meson install -C build”, or its package"));
}

static gboolean
is_activatable (ChannelsCtlDoctor *doctor)
{
  g_autoptr (GVariant) reply = NULL;
  g_autofree const char **names = NULL;

  if (doctor->bus == NULL)
    return FALSE;

  reply = channels_ctl_check_call_bus (doctor, "ListActivatableNames", NULL,
                                       G_VARIANT_TYPE ("(as)"), NULL);
  if (reply != NULL)
    g_variant_get (reply, "(^a&s)", &names);

  return names != NULL && g_strv_contains (names, CHANNELS_BUS_NAME);
}

/* Where dbus-daemon(1) looks for `standard_session_servicedirs`, in its order. */
static char *
find_service_file (void)
{
  const char *runtime = g_getenv ("XDG_RUNTIME_DIR");
  const char *const *system = g_get_system_data_dirs ();
  g_autoptr (GPtrArray) folders = g_ptr_array_new ();

  if (runtime != NULL)
    g_ptr_array_add (folders, (gpointer) runtime);
  g_ptr_array_add (folders, (gpointer) g_get_user_data_dir ());
  for (guint i = 0; system[i] != NULL; i++)
    g_ptr_array_add (folders, (gpointer) system[i]);

  for (guint i = 0; i < folders->len; i++)
    {
      g_autofree char *path = g_build_filename (g_ptr_array_index (folders, i), "dbus-1",
                                                "services", SERVICE_FILE, NULL);

      if (g_file_test (path, G_FILE_TEST_EXISTS))
        return g_steal_pointer (&path);
    }

  return NULL;
}

/* (nullable) (transfer full): the program that a file starts, if that is there; if not, it has been
 * told. The rest of its line may have a password. */
static char *
check_service_file (ChannelsCtlDoctor *doctor, const char *path)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_auto (GStrv) words = NULL;
  g_autofree char *program = NULL;

  if (g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, NULL))
    doctor->activation = g_key_file_get_string (file, SERVICE_GROUP, "Exec", NULL);
  if (doctor->activation == NULL || !g_shell_parse_argv (doctor->activation, NULL, &words, NULL))
    {
      channels_ctl_findings_add (doctor->findings, ACTIVATION, CHANNELS_CTL_STATE_ERROR,
                                 channels_ctl_check_install_remedy (), _ ("%s has no good Exec="),
                                 path);
      return NULL;
    }

  program = g_find_program_in_path (words[0]);
  if (program == NULL)
    channels_ctl_findings_add (doctor->findings, ACTIVATION, CHANNELS_CTL_STATE_ERROR,
                               g_strdup_printf (_ ("correct Exec= in %s"), path),
                               _ ("%s starts %s, which is not there"), path, words[0]);
  return g_steal_pointer (&program);
}

/**
 * channels_ctl_check_activation:
 * @doctor: a doctor
 *
 * Looks whether who calls the service has it started.
 */
void
channels_ctl_check_activation (ChannelsCtlDoctor *doctor)
{
  g_autofree char *path = find_service_file ();
  g_autofree char *program = NULL;

  doctor->activatable = is_activatable (doctor);
  if (path != NULL && (program = check_service_file (doctor, path)) == NULL)
    return;

  if (path == NULL && !doctor->activatable)
    channels_ctl_findings_add (doctor->findings, ACTIVATION, CHANNELS_CTL_STATE_WARNING,
                               channels_ctl_check_install_remedy (),
                               _ ("nothing starts channelsd when it is called: there is no "
                                  "dbus-1/services/%s in $XDG_DATA_DIRS"),
                               SERVICE_FILE);
  else if (path == NULL)
    channels_ctl_findings_add (doctor->findings, ACTIVATION, CHANNELS_CTL_STATE_OK, NULL,
                               _ ("the bus starts channelsd when it is called"));
  else if (doctor->activatable || doctor->bus == NULL)
    channels_ctl_findings_add (doctor->findings, ACTIVATION, CHANNELS_CTL_STATE_OK, NULL,
                               _ ("%s starts %s"), path, program);
  else
    channels_ctl_findings_add (
        doctor->findings, ACTIVATION, CHANNELS_CTL_STATE_WARNING,
        g_strdup ("gdbus call --session --dest org.freedesktop.DBus --object-path / --method "
                  "org.freedesktop.DBus.ReloadConfig"),
        _ ("the bus has not read %s"), path);
}
