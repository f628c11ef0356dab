/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ChannelsCtlState:
 * @CHANNELS_CTL_STATE_OK: nothing needs to be done
 * @CHANNELS_CTL_STATE_SKIPPED: it could not be looked at, or there is no such thing here
 * @CHANNELS_CTL_STATE_WARNING: it works, and something should be done
 * @CHANNELS_CTL_STATE_ERROR: it does not work
 *
 * What a check has found. From a warning on something needs to be done.
 */
typedef enum
{
  CHANNELS_CTL_STATE_OK,
  CHANNELS_CTL_STATE_SKIPPED,
  CHANNELS_CTL_STATE_WARNING,
  CHANNELS_CTL_STATE_ERROR,
} ChannelsCtlState;

typedef struct _ChannelsCtlFindings ChannelsCtlFindings;

ChannelsCtlFindings *channels_ctl_findings_new (void);

void channels_ctl_findings_free (ChannelsCtlFindings *self);

void channels_ctl_findings_add (ChannelsCtlFindings *self,
                                const char *check,
                                ChannelsCtlState state,
                                char *remedy,
                                const char *format,
                                ...) G_GNUC_PRINTF (5, 6);

guint channels_ctl_findings_count (const ChannelsCtlFindings *self, const char *check);

char *channels_ctl_findings_to_text (const ChannelsCtlFindings *self, gboolean colour);

GVariant *channels_ctl_findings_to_variant (const ChannelsCtlFindings *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChannelsCtlFindings, channels_ctl_findings_free)

G_END_DECLS
