/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "channels-door.h"
#include "channels-origins.h"
#include "channels-refusals.h"
#include "channels-tickets.h"

G_BEGIN_DECLS

/* Why somebody without a good ticket is not let in, whatever there is at the path. */
#define CHANNELS_ADMISSION_NO_TICKET "a ticket is needed here, and this is none, or no longer"

/**
 * ChannelsAdmission:
 *
 * What is remembered of those who ask to come in. A plain value; see `channels-admission.c`.
 */
typedef struct
{
  ChannelsTickets *tickets;  /* (owned) */
  ChannelsOrigins *origins;  /* (owned): what strangers cost */
  ChannelsRefusals refusals; /* in the journal */
} ChannelsAdmission;

void channels_admission_init (ChannelsAdmission *self);

void channels_admission_clear (ChannelsAdmission *self);

gboolean channels_admission_is_banned (ChannelsAdmission *self, const ChannelsVisitor *visitor);

gboolean channels_admission_enter (ChannelsAdmission *self,
                                   ChannelsVisitor *visitor,
                                   const char *group,
                                   char **out_origin,
                                   GError **error);

void channels_admission_leave (ChannelsAdmission *self, const char *origin);

void channels_admission_refuse (ChannelsAdmission *self,
                                const ChannelsVisitor *visitor,
                                const GError *error);

G_END_DECLS
