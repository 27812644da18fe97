// What the blocks of the guides stand behind.
#include <array>
#include <cmath>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "xtape/xtape.hpp"

using namespace xtape;
