/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-ctl-daemon.h"
#include "channels-ctl-findings.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* How long anything outside may take to answer. */
#define CHANNELS_CTL_DOCTOR_PATIENCE (5 * G_TIME_SPAN_SECOND)

/**
 * ChannelsCtlDoctor:
 * @findings: what was found so far
 * @bus: (nullable): the session bus
 * @activation: (nullable): the command line of the bus' activation file
 * @activatable: whether the bus starts the service for who calls it
 * @unit_active: whether it runs as a unit of systemd
 * @socket_active: whether systemd holds its sockets: who connects starts it
 * @pid: of the service; 0: it does not run, or not on this bus
 * @properties: (nullable): those of the service
 * @daemon: how the service was started, or would be
 * @url: (nullable): of the page, where the service runs
 * @config: (nullable): its configuration, where that is without mistakes; may be empty
 * @config_file: (nullable): where that was read
 *
 * What one check needs to know of those before it.
 */
typedef struct
{
  ChannelsCtlFindings *findings; /* (owned) */
  GDBusConnection *bus;          /* (owned) */
  char *activation;              /* (owned) */
  gboolean activatable;
  gboolean unit_active;
  gboolean socket_active;
  guint pid;
  GVariant *properties; /* (owned) */
  ChannelsCtlDaemon daemon;
  char *url;         /* (owned) */
  GKeyFile *config;  /* (owned) */
  char *config_file; /* (owned) */
} ChannelsCtlDoctor;

void channels_ctl_doctor_clear (ChannelsCtlDoctor *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ChannelsCtlDoctor, channels_ctl_doctor_clear)

char *channels_ctl_doctor_dup_property (const ChannelsCtlDoctor *self, const char *name);

char *channels_ctl_doctor_restart_command (const ChannelsCtlDoctor *self);

/* The checks, in this order; each is in channels-ctl-check-*.c. */
void channels_ctl_check_bus (ChannelsCtlDoctor *doctor);
void channels_ctl_check_activation (ChannelsCtlDoctor *doctor);
void channels_ctl_check_units (ChannelsCtlDoctor *doctor);
void channels_ctl_check_service (ChannelsCtlDoctor *doctor);
void channels_ctl_check_configuration (ChannelsCtlDoctor *doctor);
void channels_ctl_check_config_permissions (ChannelsCtlDoctor *doctor);
void channels_ctl_check_runtime_directory (ChannelsCtlDoctor *doctor);
void channels_ctl_check_url_file (ChannelsCtlDoctor *doctor);
void channels_ctl_check_addresses (ChannelsCtlDoctor *doctor);
void channels_ctl_check_page (ChannelsCtlDoctor *doctor);
void channels_ctl_check_health (ChannelsCtlDoctor *doctor);
void channels_ctl_check_layer (ChannelsCtlDoctor *doctor);
void channels_ctl_check_redis (ChannelsCtlDoctor *doctor);

/* Two that need more than the doctor knows. */
void channels_ctl_check_channels_redis (ChannelsCtlDoctor *doctor, const char *python);
void channels_ctl_check_project (ChannelsCtlDoctor *doctor,
                                 const char *project,
                                 const char *python,
                                 const char *layer);

G_END_DECLS
