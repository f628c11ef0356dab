/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-error.h"

G_DEFINE_QUARK (channels_error_quark, channels_error)
