// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace xtape {

// Instead of std::filesystem, of which some functions free memory twice or end the process where it runs out.

// The directory that a file is in: "a" of "a/b", "." of "b".
std::string directory_of(std::string_view path);
// Its name there: "b" of both.
std::string_view name_of(std::string_view path);
// Where a file of that name is in a directory.
std::string path_in(const std::string& directory, std::string_view name);

// The functions below return false where the system refuses, which then has left the reason in errno.

// Adds the names of all that is in a directory, "." and ".." too.
bool append_names(const std::string& directory, std::vector<std::string>& names);

// Makes a directory, and those that it is in, where they are not there.
bool make_directories(const std::string& path);

}  // namespace xtape
