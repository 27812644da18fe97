// SPDX-License-Identifier: BSD-3-Clause
#include "threads/cpu_quota.hpp"

#include <algorithm>
#include <fstream>

namespace xtape {
namespace {

// Microseconds in each period of so many. What is no pair of numbers above 0 is no limit: "max", or -1.
std::optional<double> ratio(std::istream& quota, std::istream& period) {
  double granted = 0, of = 0;
  if (!(quota >> granted) || !(period >> of) || !(granted > 0) || !(of > 0)) return std::nullopt;
  return granted / of;
}

std::optional<double> quota_in(const std::string& group) {
  if (std::ifstream file(group + "/cpu.max"); file) return ratio(file, file);
  std::ifstream quota(group + "/cpu.cfs_quota_us"), period(group + "/cpu.cfs_period_us");
  return ratio(quota, period);
}

// Of the group at `path` below where its kind is mounted, and of all that it is in. In a container the paths
// may be those outside, of which only the topmost is there.
std::optional<double> least_quota(const std::string& mount, const std::string& path) {
  std::optional<double> least = quota_in(mount);
  for (std::size_t end = 0; end != std::string::npos;) {
    end = path.find('/', end + 1);
    const std::optional<double> quota = quota_in(mount + '/' + path.substr(0, end));
    if (quota) least = std::min(*quota, least.value_or(*quota));
  }
  return least;
}

// "cpu,cpuacct" has cpu.
bool names_cpu(const std::string& controllers) {
  const std::string list = ',' + controllers + ',';
  return list.find(",cpu,") != std::string::npos;
}

}  // namespace

std::optional<double> cpu_quota(const std::string& root) {
  std::optional<double> least;
  const auto consider = [&least, mounts = root + "/sys/fs/cgroup/"](const std::string& mount,
                                                                    const std::string& path) {
    const std::optional<double> quota = least_quota(mounts + mount, path);
    if (quota) least = std::min(*quota, least.value_or(*quota));
  };
  std::ifstream groups(root + "/proc/self/cgroup");  // lines such as 4:cpu,cpuacct:/a, and 0::/a of version 2
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1),
                      path = line.substr(second + 1);
    if (controllers.empty()) {
      consider("", path);
      consider("unified", path);
    } else if (names_cpu(controllers)) {
      consider(controllers, path);
      consider("cpu", path);
    }
  }
  return least;
}

}  // namespace xtape
