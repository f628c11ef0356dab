/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-check.h"
#include "channels-ctl-error.h"

#include "channels-names.h"

#include <glib/gi18n.h>

/* Whether it runs, which version, and what systemd has to say about it. Nothing of this starts it.
 */

#define UNITS "units"
#define SERVICE "service"

#define SERVICE_UNIT "channelsd.service"
#define SOCKET_UNIT "channelsd.socket"

/* org.freedesktop.systemd1(5) */
#define MANAGER_NAME "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER_INTERFACE "org.freedesktop.systemd1.Manager"

/* What ListUnitsByNames says of a unit: name, description, LoadState, ActiveState, … */
#define UNIT_TYPE "(&s&s&s&s&s&s&ou&s&o)"

typedef struct
{
  char *load;   /* (owned) */
  char *active; /* (owned) */
} Unit;

static void
unit_clear (Unit *self)
{
  g_free (self->load);
  g_free (self->active);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Unit, unit_clear)

static void
take_units (GVariant *reply, Unit *service, Unit *socket)
{
  g_autoptr (GVariantIter) units = NULL;
  const char *name;
  const char *load;
  const char *active;

  g_variant_get (reply, "(a(ssssssouso))", &units);
  while (g_variant_iter_next (units, UNIT_TYPE, &name, NULL, &load, &active, NULL, NULL, NULL, NULL,
                              NULL, NULL))
    {
      Unit *unit = g_str_equal (name, SERVICE_UNIT) ? service : socket;

      unit_clear (unit);
      unit->load = g_strdup (load);
      unit->active = g_strdup (active);
    }
}

static gboolean
is_enabled (ChannelsCtlDoctor *doctor)
{
  g_autoptr (GVariant) reply = channels_ctl_check_call (
      doctor, MANAGER_NAME, MANAGER_PATH, MANAGER_INTERFACE, "GetUnitFileState",
      g_variant_new ("(s)", SOCKET_UNIT), G_VARIANT_TYPE ("(s)"), NULL);
  const char *state = "";

  if (reply != NULL)
    g_variant_get (reply, "(&s)", &state);

  return g_str_has_prefix (state, "enabled");
}

/* What is wrong with the unit that is started, if anything. */
static gboolean
check_service_unit (ChannelsCtlDoctor *doctor, const Unit *unit)
{
  if (g_strcmp0 (unit->load, "masked") == 0)
    channels_ctl_findings_add (doctor->findings, UNITS, CHANNELS_CTL_STATE_ERROR,
                               g_strdup ("systemctl --user unmask " SERVICE_UNIT),
                               _ ("%s is masked: it cannot be started"), SERVICE_UNIT);
  else if (g_strcmp0 (unit->load, "loaded") != 0)
    channels_ctl_findings_add (doctor->findings, UNITS, CHANNELS_CTL_STATE_WARNING,
                               g_strdup ("systemctl --user daemon-reload"),
                               _ ("systemd does not know %s: it is not installed, or was not read"),
                               SERVICE_UNIT);
  else if (g_strcmp0 (unit->active, "failed") == 0)
    channels_ctl_findings_add (doctor->findings, UNITS, CHANNELS_CTL_STATE_ERROR,
                               g_strdup ("journalctl --user -u " SERVICE_UNIT
                                         " -n 20; systemctl --user reset-failed " SERVICE_UNIT),
                               _ ("%s has failed"), SERVICE_UNIT);
  else
    return TRUE;

  return FALSE;
}

/**
 * channels_ctl_check_units:
 * @doctor: a doctor
 *
 * Asks the user's systemd, where there is one, for the two units.
 */
void
channels_ctl_check_units (ChannelsCtlDoctor *doctor)
{
  static const char *const names[] = { SERVICE_UNIT, SOCKET_UNIT, NULL };
  g_autoptr (GVariant) reply = NULL;
  g_auto (Unit) service = { 0 };
  g_auto (Unit) socket = { 0 };

  if (doctor->bus != NULL)
    reply = channels_ctl_check_call (doctor, MANAGER_NAME, MANAGER_PATH, MANAGER_INTERFACE,
                                     "ListUnitsByNames", g_variant_new ("(^as)", names),
                                     G_VARIANT_TYPE ("(a(ssssssouso))"), NULL);
  if (reply == NULL)
    {
      channels_ctl_findings_add (doctor->findings, UNITS, CHANNELS_CTL_STATE_SKIPPED, NULL,
                                 _ ("there is no systemd user manager on the bus"));
      return;
    }

  take_units (reply, &service, &socket);
  doctor->unit_active = g_strcmp0 (service.active, "active") == 0;
  doctor->socket_active = g_strcmp0 (socket.active, "active") == 0;
  if (!check_service_unit (doctor, &service))
    return;

  if (doctor->socket_active && is_enabled (doctor))
    channels_ctl_findings_add (doctor->findings, UNITS, CHANNELS_CTL_STATE_OK, NULL,
                               _ ("%s is installed, and %s is enabled"), SERVICE_UNIT, SOCKET_UNIT);
  else if (doctor->socket_active)
    channels_ctl_findings_add (doctor->findings, UNITS, CHANNELS_CTL_STATE_OK, NULL,
                               _ ("%s listens until the session ends: it is not enabled"),
                               SOCKET_UNIT);
  else if (is_enabled (doctor) && !doctor->unit_active)
    channels_ctl_findings_add (doctor->findings, UNITS, CHANNELS_CTL_STATE_WARNING,
                               g_strdup ("systemctl --user start " SOCKET_UNIT),
                               _ ("%s is enabled, and does not listen"), SOCKET_UNIT);
  else
    channels_ctl_findings_add (doctor->findings, UNITS, CHANNELS_CTL_STATE_OK,
                               g_strdup ("systemctl --user enable --now " SOCKET_UNIT),
                               _ ("%s is installed; a tab alone does not start it"), SERVICE_UNIT);
}

static guint
find_pid (ChannelsCtlDoctor *doctor)
{
  g_autoptr (GVariant) reply = channels_ctl_check_call_bus (
      doctor, "GetConnectionUnixProcessID", g_variant_new ("(s)", CHANNELS_BUS_NAME),
      G_VARIANT_TYPE ("(u)"), NULL);
  guint pid = 0;

  if (reply != NULL)
    g_variant_get (reply, "(u)", &pid);

  return pid;
}

static void
check_version (ChannelsCtlDoctor *doctor)
{
  g_autofree char *version = channels_ctl_doctor_dup_property (doctor, "Version");

  if (g_str_equal (version, PACKAGE_VERSION))
    channels_ctl_findings_add (doctor->findings, SERVICE, CHANNELS_CTL_STATE_OK, NULL,
                               _ ("channelsd %s runs (process %u)"), version, doctor->pid);
  else
    channels_ctl_findings_add (doctor->findings, SERVICE, CHANNELS_CTL_STATE_WARNING,
                               channels_ctl_doctor_restart_command (doctor),
                               _ ("channelsd %s runs, and this is channelsctl %s"), version,
                               PACKAGE_VERSION);
}

static void
check_running (ChannelsCtlDoctor *doctor)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = NULL;
  g_autofree char *words = NULL;

  channels_ctl_daemon_init_from_process (&doctor->daemon, doctor->pid);
  reply = channels_ctl_check_call (
      doctor, CHANNELS_BUS_NAME, CHANNELS_OBJECT_PATH, "org.freedesktop.DBus.Properties", "GetAll",
      g_variant_new ("(s)", CHANNELS_BUS_INTERFACE), G_VARIANT_TYPE ("(a{sv})"), &error);
  if (reply != NULL)
    {
      doctor->properties = g_variant_get_child_value (reply, 0);
      check_version (doctor);
      return;
    }

  words = channels_ctl_error_describe (error);
  channels_ctl_findings_add (doctor->findings, SERVICE, CHANNELS_CTL_STATE_ERROR,
                             channels_ctl_doctor_restart_command (doctor),
                             _ ("channelsd runs (process %u), and does not answer: %s"),
                             doctor->pid, words);
}

/**
 * channels_ctl_check_service:
 * @doctor: a doctor
 *
 * Asks the service, where it runs, what it is.
 */
void
channels_ctl_check_service (ChannelsCtlDoctor *doctor)
{
  if (doctor->bus != NULL)
    doctor->pid = find_pid (doctor);
  if (doctor->pid != 0)
    {
      check_running (doctor);
      return;
    }

  channels_ctl_daemon_init_from_line (&doctor->daemon, doctor->activation);
  if (doctor->daemon.program == NULL)
    channels_ctl_findings_add (doctor->findings, SERVICE, CHANNELS_CTL_STATE_ERROR,
                               channels_ctl_check_install_remedy (),
                               _ ("channelsd is not installed: it is not in $PATH"));
  else if (doctor->bus == NULL)
    channels_ctl_findings_add (doctor->findings, SERVICE, CHANNELS_CTL_STATE_SKIPPED, NULL,
                               _ ("without a bus nobody says whether channelsd runs"));
  else if (doctor->activatable)
    channels_ctl_findings_add (doctor->findings, SERVICE, CHANNELS_CTL_STATE_OK, NULL,
                               _ ("channelsd does not run: it starts when somebody needs it"));
  else
    channels_ctl_findings_add (doctor->findings, SERVICE, CHANNELS_CTL_STATE_WARNING,
                               channels_ctl_check_quote (doctor->daemon.program),
                               _ ("channelsd does not run, and the bus does not start it"));
}
