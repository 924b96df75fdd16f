# Random small designs, many of them singular, with the lowest REML criterion lme4 finds from several optimisers.
# Usage: Rscript singular_designs.R OUT_DIR N SEED ; writes rows.csv and best.csv.
suppressMessages(library(lme4))
args <- commandArgs(trailingOnly = TRUE)
out <- args[1]; count <- as.integer(args[2]); set.seed(as.integer(args[3]))

draw <- function(id) {
  professionals <- sample(4:15, 1)
  rows <- NULL
  slope <- id %% 2 == 0
  sd1 <- sample(c(0, 0, .3, 1), 1); sd2 <- sample(c(0, .2, 1), 1)
  s1 <- sample(c(0, 0, .4), 1); s2 <- sample(c(0, 0, .4), 1)
  link <- sample(c(-1, 0, 1), 1)
  for (p in seq_len(professionals)) {
    a <- rnorm(1); u <- sd1 * a; us <- s1 * (link * a + sqrt(1 - abs(link)) * rnorm(1))
    for (d in seq_len(sample(1:4, 1))) {
      b <- rnorm(1); v <- sd2 * b; vs <- s2 * (link * b + sqrt(1 - abs(link)) * rnorm(1))
      n <- sample(2:8, 1)
      x <- rnorm(n)
      z <- rnorm(1)
      rows <- rbind(rows, data.frame(design = id, professional = p, dyad = p * 100 + d, x = x, z = z,
        y = 1 + .3 * x + .2 * z + u + us * x + v + vs * x + rnorm(n)))
    }
  }
  list(rows = rows, formula = if (slope) y ~ x + z + (1 + x | professional) + (1 + x | dyad)
       else y ~ x + z + (1 | professional) + (1 | dyad), slope = slope)
}

best <- function(formula, data) {
  parsed <- lFormula(formula, data, REML = TRUE, control = lmerControl(check.nobs.vs.nRE = "ignore",
    check.nobs.vs.nlev = "ignore", check.nobs.vs.rankZ = "ignore"))
  criterion <- do.call(mkLmerDevfun, parsed)
  lower <- parsed$reTrms$lower
  low <- Inf; default <- NA
  starts <- list(parsed$reTrms$theta, pmax(.1 * parsed$reTrms$theta, lower), parsed$reTrms$theta * 2)
  for (start in starts) {
    a <- nloptwrap(start, criterion, lower, rep(Inf, length(lower)))
    if (is.na(default)) default <- a$fval
    b <- try(nlminb(a$par, criterion, lower = lower, control = list(abs.tol = 0, rel.tol = 1e-15, x.tol = 1e-12,
      iter.max = 2000, eval.max = 4000)), silent = TRUE)
    low <- min(low, a$fval, if (inherits(b, "try-error")) Inf else b$objective)
  }
  c(default, low)
}

all <- list(); table <- NULL; id <- 0
while (length(all) < count) {
  id <- id + 1
  one <- draw(id)
  widths <- if (one$slope) 2 else 1
  if (length(unique(one$rows$dyad)) * widths >= nrow(one$rows)) next
  if (length(unique(one$rows$professional)) >= length(unique(one$rows$dyad))) next
  found <- suppressWarnings(suppressMessages(try(best(one$formula, one$rows), silent = TRUE)))
  if (inherits(found, "try-error")) next
  all[[length(all) + 1]] <- one$rows
  table <- rbind(table, data.frame(design = id, slope = as.integer(one$slope), default = found[1], best = found[2]))
}
rows <- do.call(rbind, all)
rows[, c("x", "z", "y")] <- lapply(rows[, c("x", "z", "y")], function(v) sprintf("%.17g", v))
write.csv(rows, file.path(out, "rows.csv"), row.names = FALSE, quote = FALSE)
table[, c("default", "best")] <- lapply(table[, c("default", "best")], function(v) sprintf("%.12f", v))
write.csv(table, file.path(out, "best.csv"), row.names = FALSE, quote = FALSE)
