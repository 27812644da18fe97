// SPDX-License-Identifier: BSD-3-Clause
#include "threads/cpu_quota.hpp"

#include <filesystem>

#include "matchers.hpp"
#include "temporary_directory.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace cpu_quota_test {
namespace {

/// A system with these files.
struct System {
  TemporaryDirectory root;

  System(std::initializer_list<std::pair<std::string, std::string>> files) {
    for (const auto& [path, content] : files) {
      const std::string whole = root.path() + path;
      std::filesystem::create_directories(std::filesystem::path(whole).parent_path());
      write_text(whole, content);
    }
  }
  std::optional<double> quota() const { return cpu_quota(root.path()); }
};

}  // namespace

TEST_CASE("the processor time of a container is read from its control group", "[core][threads]") {
  CHECK(System{{"/proc/self/cgroup", "0::/\n"}, {"/sys/fs/cgroup/cpu.max", "250000 100000\n"}}.quota() ==
        2.5);
  CHECK_FALSE(System{{"/proc/self/cgroup", "0::/\n"}, {"/sys/fs/cgroup/cpu.max", "max 100000\n"}}.quota());
  CHECK_FALSE(System{{"/proc/self/cgroup", "0::/\n"}}.quota());
  CHECK_FALSE(System{}.quota());
}

TEST_CASE("of control groups in one another the least counts", "[core][threads]") {
  const System pod{{"/proc/self/cgroup", "0::/kubepods/pod1/container\n"},
                   {"/sys/fs/cgroup/kubepods/cpu.max", "800000 100000"},
                   {"/sys/fs/cgroup/kubepods/pod1/cpu.max", "150000 50000"},
                   {"/sys/fs/cgroup/kubepods/pod1/container/cpu.max", "max 100000"}};
  CHECK(pod.quota() == 3);
}

TEST_CASE("control groups of version 1 are read too", "[core][threads]") {
  const std::string groups = "12:memory:/a\n4:cpu,cpuacct:/a\n1:name=systemd:/a\n0::/b\n";
  CHECK(System{{"/proc/self/cgroup", groups},
               {"/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "50000\n"},
               {"/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n"}}
            .quota() == 0.5);
  CHECK_FALSE(System{{"/proc/self/cgroup", groups},
                     {"/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "-1\n"},
                     {"/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n"}}
                  .quota());
  // In a container whose paths are those outside.
  CHECK(System{{"/proc/self/cgroup", "4:cpuacct,cpu:/docker/f00\n"},
               {"/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "400000"},
               {"/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000"}}
            .quota() == 4);
}

TEST_CASE("damaged files of control groups set no limit", "[core][threads]") {
  for (const std::string content : {"", "x", "100000", "0 100000", "100000 0", "-5 100000", "nan 1"}) {
    CAPTURE(content);
    CHECK_FALSE(System{{"/proc/self/cgroup", "0::/\n"}, {"/sys/fs/cgroup/cpu.max", content}}.quota());
  }
  CHECK_FALSE(System{{"/proc/self/cgroup", "no colon\n::\n"}}.quota());
}

}  // namespace cpu_quota_test
