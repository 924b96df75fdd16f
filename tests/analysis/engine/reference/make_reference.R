# Reference fits that the tests compare against: own simulated data (small.csv), fits by lme4 (optimised until the
# criterion stands still), lmerTest, pbkrtest and nlme. Usage: Rscript make_reference.R OUT_DIR
suppressMessages({library(lme4); library(lmerTest); library(pbkrtest); library(nlme); library(jsonlite)})
out <- commandArgs(trailingOnly = TRUE)[1]
set.seed(20261)

rows <- NULL
clients <- 40
for (p in 1:24) {
  u <- rnorm(4, 0, c(.5, .3, .25, .2)); days <- rnorm(8, 0, .35)
  for (d in seq_len(sample(2:3, 1))) {
    v <- rnorm(2, 0, c(.4, .3)); client <- sample(clients, 1); baseline <- rnorm(1)
    for (t in sort(sample(1:8, sample(4:8, 1)))) for (e in seq_len(sample(1:2, 1))) {
      x <- rnorm(3)
      rows <- rbind(rows, data.frame(professional = p, dyad = p * 10 + d, day = t, client = client, x1 = x[1],
        x2 = x[2] * 50 + 2000, x3 = x[3] / 1000, baseline = baseline, weight = sample(c(.5, 1, 2), 1),
        role = sample(c("P", "C"), 1), y = 3 + .3 * x[1] + .2 * x[2] - .1 * x[3] + .2 * baseline + u[1] +
          u[2] * x[1] + u[3] * x[2] + u[4] * x[3] + v[1] + v[2] * x[1] + days[t] + rnorm(1, 0, .8)))
    }
  }
}
for (name in c("x1", "x2", "x3", "baseline", "y")) rows[[name]] <- as.numeric(sprintf("%.15g", rows[[name]]))
write.csv(rows, file.path(out, "small.csv"), row.names = FALSE, quote = FALSE)
rows <- read.csv(file.path(out, "small.csv"))

pairs <- NULL
for (p in 1:40) {
  u <- rnorm(2); u <- c(.6 * u[1], .4 * (.3 * u[1] + u[2]))
  for (d in 1:5) {
    e <- rnorm(2); e <- c(.8 * e[1], 1.1 * (.4 * e[1] + sqrt(1 - .16) * e[2]))
    score <- c(2, 2.5) + u + e
    keep <- if (runif(1) < .1) 1 else 1:2
    pairs <- rbind(pairs, data.frame(professional = p, dyad = p * 10 + d, role = c("C", "P")[keep], score = score[keep]))
  }
}
pairs$score <- as.numeric(sprintf("%.15g", pairs$score))
write.csv(pairs, file.path(out, "pairs.csv"), row.names = FALSE, quote = FALSE)
pairs <- read.csv(file.path(out, "pairs.csv"))

tight <- function(formula, data, reml = TRUE, weights = NULL) {
  data$.w <- if (is.null(weights)) 1 else weights
  model <- lmerTest::lmer(formula, data, REML = reml, weights = .w,
    control = lmerControl(optimizer = "nloptwrap", calc.derivs = FALSE,
      optCtrl = list(xtol_abs = 1e-13, ftol_abs = 1e-14, xtol_rel = 0, ftol_rel = 0, maxeval = 20000)))
  for (round in 1:3) {
    model <- update(model, start = getME(model, "theta"))
  }
  model
}

told <- function(model, kr = TRUE) {
  s <- coef(summary(model))
  vc <- as.data.frame(VarCorr(model))
  found <- list(criterion = unname(if (isREML(model)) REMLcrit(model) else deviance(model)), sigma = sigma(model),
    term = rownames(s), beta = unname(s[, "Estimate"]), se = unname(s[, "Std. Error"]), df = unname(s[, "df"]),
    vc = lapply(seq_len(nrow(vc)), function(i) list(group = vc$grp[i], a = vc$var1[i], b = vc$var2[i], vcov = vc$vcov[i])))
  if (kr) {
    k <- coef(summary(model, ddf = "Kenward-Roger"))
    found$kr_se <- unname(k[, "Std. Error"]); found$kr_df <- unname(k[, "df"])
  }
  found
}

fits <- list()
days <- tight(y ~ x1 + baseline + (1 | professional) + (1 | dyad) + (1 | professional:day), rows)
fits$days <- told(days)
L <- rbind(c(0, 1, 0), c(0, 0, 1))
joint <- lmerTest::contestMD(days, L)
kr <- lmerTest::contestMD(days, L, ddf = "Kenward-Roger")
fits$days$joint <- list(f = joint[["F value"]], df = joint[["DenDF"]], kr_f = kr[["F value"]], kr_df = kr[["DenDF"]])
fits$days_ml <- told(tight(y ~ x1 + baseline + (1 | professional) + (1 | dyad) + (1 | professional:day), rows, FALSE), FALSE)
fits$slopes <- told(tight(y ~ x1 + x2 + x3 + (1 + x1 + x2 + x3 || professional) + (1 + x1 | dyad),
  transform(rows, x2 = (x2 - 2000) / 50, x3 = x3 * 1000)))
fits$correlated <- told(tight(y ~ x1 + x2 + x3 + (1 + x1 + x2 + x3 | professional) + (1 | dyad),
  transform(rows, x2 = (x2 - 2000) / 50, x3 = x3 * 1000)))
fits$weights <- told(tight(y ~ x1 + baseline + (1 | professional) + (1 | dyad), rows, weights = rows$weight), FALSE)
fits$clients <- told(tight(y ~ x1 + baseline + (1 | professional) + (1 | client), rows))
fits$alone <- told(tight(y ~ x1 * role + (1 + x1 | professional), rows))
fits$roles <- told(tight(y ~ 0 + role + role:x1 + (0 + role | professional) + (1 | dyad), rows))

nlme_told <- function(model) {
  s <- summary(model)$tTable
  list(criterion = -2 * as.numeric(logLik(model, REML = TRUE)), sigma = model$sigma, term = rownames(s),
    beta = unname(s[, "Value"]), se = unname(s[, "Std.Error"]), random = lapply(as.list(model$modelStruct$reStruct),
      function(x) unname(as.matrix(x) * model$sigma^2)))
}
control <- lmeControl(opt = "optim", reltol = 1e-14, msTol = 1e-14, tolerance = 1e-12, msMaxIter = 2000, maxIter = 200,
  niterEM = 50, msMaxEval = 5000)
strata <- lme(y ~ x1 + baseline, random = list(professional = ~1, dyad = ~1), data = rows, weights = varIdent(form = ~1 | role),
  control = control)
fits$strata <- nlme_told(strata)
fits$strata$ratio <- as.list(coef(strata$modelStruct$varStruct, unconstrained = FALSE, allCoef = TRUE))
many <- lme(score ~ 0 + role, random = ~ 0 + role | professional, data = pairs, control = control,
  correlation = corSymm(form = ~ as.integer(factor(role)) | professional/dyad), weights = varIdent(form = ~1 | role))
fits$pairs <- nlme_told(many)
fits$pairs$ratio <- as.list(coef(many$modelStruct$varStruct, unconstrained = FALSE, allCoef = TRUE))
fits$pairs$correlation <- unname(coef(many$modelStruct$corStruct, unconstrained = FALSE))
profile <- suppressMessages(suppressWarnings(confint(lmer(y ~ x1 + baseline + (1 | professional) + (1 | dyad), rows),
  method = "profile", oldNames = FALSE)))
fits$profile <- list(term = rownames(profile), low = unname(profile[, 1]), high = unname(profile[, 2]))
fits$versions <- list(r = R.version$version.string, lme4 = as.character(packageVersion("lme4")),
  lmerTest = as.character(packageVersion("lmerTest")), pbkrtest = as.character(packageVersion("pbkrtest")),
  nlme = as.character(packageVersion("nlme")))
write(toJSON(fits, digits = 15, auto_unbox = TRUE, pretty = TRUE), file.path(out, "small.json"))
