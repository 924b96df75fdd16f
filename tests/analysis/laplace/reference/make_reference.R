# Simulates one small diary study and fits it with glmmTMB and ordinal, so that analysis.laplace can be held
# against them; fits two larger simulated binary sets (sim_S_bin, sim_M_bin: 592 and 8,000 rows) as well.
# Run inside this folder: Rscript make_reference.R  (writes diary.csv and fits.json).
# Each glmmTMB fit is carried on by Newton steps on TMB's own gradient until it no longer moves.
suppressMessages({library(glmmTMB); library(ordinal); library(jsonlite)})
set.seed(20260714)
n_prof <- 60
dyads_per <- sample(1:4, n_prof, replace = TRUE)
prof_of <- rep(seq_len(n_prof), dyads_per)
n_dyad <- length(prof_of)
rows_per <- sample(3:12, n_dyad, replace = TRUE)
dyad <- rep(seq_len(n_dyad), rows_per)
prof <- prof_of[dyad]
n <- length(dyad)
conflict <- round(rnorm(n_dyad)[dyad], 4)
demand <- round(rnorm(n), 4)
hours <- round(runif(n, .5, 8), 2)
u <- rnorm(n_prof); u_slope <- .3 * u + .8 * rnorm(n_prof); v <- rnorm(n_dyad)
eta <- .35 * conflict + .3 * demand + .45 * u[prof] + .4 * v[dyad]
calls <- rpois(n, exp(-1 + eta + log(hours)))
events <- rnbinom(n, mu = exp(-.5 + eta + log(hours)), size = 1.6)
anger <- rbinom(n, 1, plogis(-.6 + 1.4 * eta + .8 * u_slope[prof] * demand))
trials <- sample(1:6, n, replace = TRUE)
hidden <- rbinom(n, trials, plogis(-.2 + 1.2 * eta))
strain <- findInterval(1.6 * eta + rlogis(n), c(-1.5, -.2, .9, 2.2)) + 1
positive <- rnbinom(20 * n, mu = 1, size = 2)
draw <- function(mu) { repeat { k <- rnbinom(1, mu = mu, size = 2); if (k > 0) return(k) } }
fear <- ifelse(runif(n) < plogis(-.4 + eta), sapply(exp(.4 + .7 * eta), draw), 0)
flat <- rpois(n, exp(.2 + .3 * demand))
d <- data.frame(prof, dyad, conflict, demand, hours, calls, events, anger, trials, hidden, strain, fear, flat)
d <- d[sample(n), ]
write.csv(d, "diary.csv", row.names = FALSE)
d <- read.csv("diary.csv")
d$prof <- factor(d$prof); d$dyad <- factor(d$dyad); d$strain <- factor(d$strain, ordered = TRUE)

tight <- function(fit) {
  obj <- fit$obj; par <- fit$fit$par
  hess <- function(p) {
    h <- 1e-4; m <- length(p)
    H <- sapply(seq_len(m), function(i) { e <- replace(numeric(m), i, h)
      (as.vector(obj$gr(p + e)) - as.vector(obj$gr(p - e))) / (2 * h) })
    (H + t(H)) / 2
  }
  for (k in 1:4) { H <- hess(par); par <- par - solve(H, as.vector(obj$gr(par))) }
  H <- hess(par); value <- obj$fn(par); gradient <- max(abs(obj$gr(par)))
  cov <- solve(H); names(par) <- names(fit$fit$par)
  env <- obj$env; all <- env$last.par
  list(deviance = 2 * value, gradient = gradient, par_names = names(par), par = as.vector(par),
       se = sqrt(diag(cov)), modes = as.vector(all[names(all) == "b"]))
}
out <- list(); note <- function(name, formula, family, fit) {
  r <- tight(fit); r$formula <- formula; r$family <- family
  r$fixed <- names(fixef(fit)$cond); out[[name]] <<- r
  cat(name, r$deviance, r$gradient, "\n")
}
RE <- "+ (1|prof) + (1|dyad)"
tmb <- function(name, formula, family, ...) {
  fit <- suppressWarnings(glmmTMB(as.formula(formula), d, family = family, ...))
  note(name, formula, if (is.character(family)) family else family$family, fit)
}
tmb("binomial", paste("anger ~ conflict + demand", RE), binomial())
tmb("binomial_trials", paste("cbind(hidden, trials - hidden) ~ conflict + demand", RE), binomial())
tmb("binomial_one_level", "anger ~ conflict + demand + (1|prof)", binomial())
tmb("binomial_slope", "anger ~ conflict + demand + (1 + demand|prof) + (1|dyad)", binomial())
tmb("binomial_slope_diag", "anger ~ conflict + demand + diag(1 + demand|prof) + (1|dyad)", binomial())
tmb("poisson", paste("calls ~ conflict + demand + offset(log(hours))", RE), poisson())
tmb("negative_binomial", paste("events ~ conflict + demand + offset(log(hours))", RE), nbinom2())
tmb("negative_binomial_slope",
    "events ~ conflict + demand + offset(log(hours)) + (1|prof) + (1 + demand|dyad)", nbinom2())
tmb("hurdle_poisson", paste("fear ~ conflict + demand", RE), truncated_poisson(),
    ziformula = as.formula(paste("~ conflict + demand", RE)))
tmb("hurdle_negative_binomial", paste("fear ~ conflict + demand", RE), truncated_nbinom2(),
    ziformula = as.formula(paste("~ conflict + demand", RE)))
# clmm stops at gradients of about 1e-3, so the ordinal oracle is a TMB template of its own.
template <- "
#include <TMB.hpp>
template<class Type> Type objective_function<Type>::operator() () {
  DATA_VECTOR(y); DATA_MATRIX(X); DATA_IVECTOR(prof); DATA_IVECTOR(dyad); DATA_INTEGER(two);
  PARAMETER_VECTOR(alpha); PARAMETER_VECTOR(beta); PARAMETER_VECTOR(logsd);
  PARAMETER_VECTOR(u); PARAMETER_VECTOR(v);
  Type nll = -dnorm(u, Type(0), Type(1), true).sum();
  if (two) nll -= dnorm(v, Type(0), Type(1), true).sum();
  vector<Type> eta = X * beta;
  int K = alpha.size() + 1;
  for (int i = 0; i < y.size(); i++) {
    Type e = eta(i) + exp(logsd(0)) * u(prof(i));
    if (two) e += exp(logsd(1)) * v(dyad(i));
    int k = CppAD::Integer(y(i));
    Type hi = k < K - 1 ? invlogit(alpha(k) - e) : Type(1);
    Type lo = k > 0 ? invlogit(alpha(k - 1) - e) : Type(0);
    nll -= log(hi - lo);
  }
  return nll;
}"
folder <- tempfile(); dir.create(folder); back <- setwd(folder)
writeLines(template, "cumulative.cpp"); TMB::compile("cumulative.cpp"); dyn.load(TMB::dynlib("cumulative")); setwd(back)
ordinal_fit <- function(name, formula, two) {
  rough <- suppressWarnings(clmm(as.formula(formula), d))
  at <- function(f) as.integer(factor(f)) - 1L
  start <- list(alpha = as.vector(rough$alpha), beta = as.vector(rough$beta), logsd = rep(-.5, 1 + two),
                u = numeric(nlevels(d$prof)), v = numeric(if (two) nlevels(d$dyad) else 1))
  rows <- list(y = as.integer(d$strain) - 1, X = as.matrix(d[c("conflict", "demand")]),
               prof = at(d$prof), dyad = at(d$dyad), two = as.integer(two))
  obj <- TMB::MakeADFun(rows, start, random = if (two) c("u", "v") else "u", DLL = "cumulative", silent = TRUE,
                        map = if (two) list() else list(v = factor(NA)), inner.control = list(tol = 1e-12))
  opt <- nlminb(obj$par, obj$fn, obj$gr)
  r <- tight(list(obj = obj, fit = list(par = opt$par)))
  r$formula <- formula; r$family <- "ordinal"; r$modes <- NULL
  r$clmm_deviance <- -2 * as.numeric(rough$logLik); out[[name]] <<- r
  cat(name, r$deviance, r$clmm_deviance, r$gradient, "\n")
}
ordinal_fit("ordinal", paste("strain ~ conflict + demand", RE), TRUE)
ordinal_fit("ordinal_one_level", "strain ~ conflict + demand + (1|prof)", FALSE)
for (name in c("sim_S_bin", "sim_M_bin")) {
  s <- read.csv(paste0(name, ".csv.gz")); s$g3 <- factor(s$g3); s$g2 <- factor(s$g2)
  formula <- "y ~ closeness + conflict + dependency + emo_w + emo_b + week + clo_emo + (1|g3) + (1|g2)"
  note(name, formula, "binomial", glmmTMB(as.formula(formula), s, family = binomial()))
}
versions <- list(R = R.version.string, glmmTMB = as.character(packageVersion("glmmTMB")),
                 TMB = as.character(packageVersion("TMB")), ordinal = as.character(packageVersion("ordinal")))
write(toJSON(list(versions = versions, fits = out), digits = 15, auto_unbox = TRUE, pretty = TRUE), "fits.json")
