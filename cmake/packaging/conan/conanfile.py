"""xtape for Conan 2: conan create cmake/packaging/conan --build=missing. What was tried of it says ../README.md."""

import os
import re

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rmdir

required_conan_version = ">=2.0"


class XtapeRecipe(ConanFile):
    name = "xtape"
    description = "Reverse-mode automatic differentiation and exact losses for xtensor arrays"
    license = "BSD-3-Clause"
    topics = ("automatic-differentiation", "cross-entropy", "machine-learning", "xtensor")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False], "fPIC": [True, False]}
    default_options = {"shared": False, "fPIC": True}
    implements = ["auto_shared_fpic"]

    # The sources are those that this recipe lies among.
    @property
    def _tree(self):
        return os.path.join(self.recipe_folder, "..", "..", "..")

    def set_version(self):
        header = load(self, os.path.join(self._tree, "include", "xtape", "core", "version.hpp"))
        self.version = ".".join(re.findall(r"#define XTAPE_VERSION_\w+ (\d+)", header))

    def export_sources(self):
        for pattern in ("CMakeLists.txt", "LICENSE", "cmake/*", "include/*", "src/*"):
            copy(self, pattern, self._tree, self.export_sources_folder)

    def layout(self):
        cmake_layout(self)

    def requirements(self):
        self.requires("xtensor/[>=0.24 <0.27]", transitive_headers=True)
        self.requires("xtensor-blas/[>=0.20]")
        self.requires("xsimd/[>=8.1]")
        self.requires("fmt/[>=9]")
        self.requires("fast_float/[>=3.4]")
        self.requires("nlohmann_json/[>=3.11]")
        self.requires("openblas/[>=0.3]")
        self.requires("zlib/[>=1.2.11 <2]")
        self.requires("libzip/[>=1.7]")

    def validate(self):
        check_min_cppstd(self, 20)
        if self.settings.os == "Windows":
            raise ConanInvalidConfiguration("xtape is for systems with POSIX files")

    def generate(self):
        CMakeDeps(self).generate()
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables["XTAPE_BUILD_TESTS"] = False
        toolchain.cache_variables["XTAPE_BUILD_SAMPLES"] = False
        toolchain.cache_variables["XTAPE_MPI"] = "OFF"
        toolchain.cache_variables["XTAPE_ONNX"] = "OFF"
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        CMake(self).install()
        # Conan writes its own, which know where its packages are.
        for folder in ("lib/cmake", "lib/pkgconfig", "share"):
            rmdir(self, os.path.join(self.package_folder, folder))

    def package_info(self):
        self.cpp_info.libs = ["xtape"]
        self.cpp_info.set_property("cmake_file_name", "xtape")
        self.cpp_info.set_property("cmake_target_name", "xtape::xtape")
        self.cpp_info.set_property("pkg_config_name", "xtape")
        if self.settings.os == "Linux":
            self.cpp_info.system_libs = ["pthread", "m"]
            if not self.options.shared:
                self.cpp_info.exelinkflags = self.cpp_info.sharedlinkflags = ["-Wl,--gc-sections"]
        # As CMakeLists.txt has it, for xtensor before 0.26.
        if self.settings.compiler == "gcc" and self.dependencies["xtensor"].ref.version < "0.26":
            self.cpp_info.cxxflags = ["-fno-new-ttp-matching"]
